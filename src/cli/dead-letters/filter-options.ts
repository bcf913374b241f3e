import { Option, type Command } from 'commander';
import { DEAD_LETTER_REASONS } from '../../core/disposition.ts';
import type { LetterFilter } from '../../operate/dead-letters/filter.ts';
import { instant } from '../common/instant.ts';

/** The filters as the command line has them. */
export type FilterOptions = Omit<LetterFilter, 'except'>;

/** Declares the filters that the commands over dead letters share. */
export function filters(command: Command): Command {
  return command
    .addOption(new Option('--reason <reason>', 'why they are dead letters').choices(DEAD_LETTER_REASONS))
    .option('--code <code>', 'the result code, or what was wrong, as in the header notifier-reason')
    .option('--from <time>', 'written at this time or later, ISO 8601', instant)
    .option('--to <time>', 'written before this time', instant)
    .option('--payment-id <id>', 'of this payment');
}

/** The filters among all options. */
export function filterOf({ reason, code, from, to, paymentId }: FilterOptions): LetterFilter {
  return {
    ...(reason !== undefined && { reason }),
    ...(code !== undefined && { code }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(paymentId !== undefined && { paymentId }),
  };
}
