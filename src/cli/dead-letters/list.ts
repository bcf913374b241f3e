import { createDecoder } from '../../kafka/avro/decoder.ts';
import { countLetters, matches } from '../../operate/dead-letters/filter.ts';
import { readLetters, type Letter } from '../../operate/dead-letters/letters.ts';
import { paymentReader } from '../../operate/payment-of.ts';
import { isoTime } from '../../operate/trace/history-rows.ts';
import { taskCommand, type Task } from '../common/command.ts';
import { unreadInWords } from '../common/evidence.ts';
import { wholeNumber } from '../common/numbers.ts';
import { withReading, type EvidenceSection } from '../common/reading.ts';
import type { Result } from '../common/result.ts';
import { filterOf, filters, type FilterOptions } from './filter-options.ts';

interface ListOptions extends FilterOptions {
  readonly limit: number;
  readonly all?: true;
  readonly json?: true;
}

/** `dead-letters list`. */
export const list = taskCommand({
  name: 'dead-letters list',
  summary: 'how many there are of each reason and code, and which',
  usage: (command) =>
    filters(command)
      .option('--limit <n>', 'list so many at most, the latest; all are counted', wholeNumber, 100)
      .option('--all', 'also those that were redriven or discarded')
      .option('--json', 'print {"counts","records"} on one line'),
  help: `
Exit codes: 0 everything was read · 1 brokers cannot be asked · 2 settings or usage are wrong · 3 not everything could be
read: what and why is said on standard error

Examples:
  payment-notifier dead-letters list
  payment-notifier dead-letters list --reason rejected --from 2026-11-22T10:00:00Z
  payment-notifier dead-letters list --code PROCESS_FAIL --limit 100000 --json | jq -r '.records[].paymentId'`,
  sections: ['kafka', 'source', 'retry', 'outcomes', 'registry'],

  run: async (task: Task<ListOptions, EvidenceSection | 'registry'>): Promise<Result> => {
    const { options, settings, signal, err } = task;
    return withReading(task, 'reading dead letters', async (reading) => {
      const readPayment = paymentReader(createDecoder(settings.registry), settings.source.topic, signal);
      const { letters, unread } = await readLetters(reading, readPayment);
      const filter = filterOf(options);
      const meant = letters.filter((letter) => (options.all ?? letter.closed === null) && matches(letter, filter));
      const listed = meant.toSorted((a, b) => b.at - a.at).slice(0, options.limit);
      const counts = countLetters(meant);
      for (const line of unreadInWords(unread)) err.line(line);
      return {
        exit: unread.length === 0 ? 'done' : 'found',
        text: [
          {
            head: ['reason', 'code', 'count'],
            rows: counts.map(({ reason, code, count }) => [reason, code ?? '', count]),
          },
          '',
          {
            head: ['record', 'payment', 'reason', 'code', 'attempts', 'at', ...(options.all ? ['closed'] : [])],
            rows: listed.map((letter) => [
              ...[
                letter.record,
                letter.paymentId ?? '',
                letter.reason,
                letter.code ?? '',
                letter.attempts,
                isoTime(letter.at),
              ],
              ...(options.all ? [letter.closed ?? ''] : []),
            ]),
          },
          ...(listed.length < meant.length ? [`and ${meant.length - listed.length} more; --limit lists them`] : []),
        ],
        json: { counts, records: listed.map(asJson) },
      };
    });
  },
});

function asJson({ record, paymentId, reason, code, attempts, at, closed }: Letter): object {
  return { record, paymentId, reason, code, attempts, at: isoTime(at), closed };
}
