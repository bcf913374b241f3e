import { InvalidArgumentError, type Command } from 'commander';

/** The options that name a range of the source topic. */
export function rangeOptions(command: Command): Command {
  return command
    .option('--from <time>', 'from the first record as late as this; ISO 8601 with its zone')
    .option('--to <time>', 'to before the first record as late as this')
    .option('--from-offset <n>', 'from this offset on, in one partition', count)
    .option('--to-offset <n>', 'to before this offset', count)
    .option('--partition <n>', 'of this partition only; all by default', count);
}

/** An option's value as a whole number from 0 on. */
function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('write a whole number from 0 on');
  return Number(text);
}
