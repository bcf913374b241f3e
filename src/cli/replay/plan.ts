import { parseRange, type RangeOptions } from '../../operate/replay/range.ts';
import { countRecords } from '../../operate/replay/count.ts';
import { extents } from '../../operate/replay/extent.ts';
import { createKafka } from '../../kafka/kafkajs/client.ts';
import { openReader } from '../../kafka/kafkajs/reader.ts';
import { taskCommand } from '../common/command.ts';
import { silent } from '../common/reading.ts';
import { rangeOptions } from './options.ts';

/** `replay plan`: counts what a range would send again. */
export const replayPlan = taskCommand<RangeOptions & { readonly json?: true }, 'kafka' | 'source'>({
  name: 'replay plan',
  summary: 'count what a range of the source topic would send again; changes nothing',
  usage: (command) => rangeOptions(command).option('--json', 'print {"partitions":[…],"total"}'),
  help: `
Reads KAFKA_BROKERS, SOURCE_TOPIC and the KAFKA_* settings beside them.

Examples:
  payment-notifier replay plan --from 2026-11-28T09:00:00Z --to 2026-11-28T09:15:00Z
  payment-notifier replay plan --partition 3 --from-offset 1200 --to-offset 1400 --json`,
  sections: ['kafka', 'source'],

  run: async ({ options, settings: { kafka, source }, signal, err }) => {
    const range = parseRange(options);
    const reader = await openReader(createKafka(kafka.client, silent));
    try {
      const counted = await countRecords(
        reader,
        source.topic,
        await extents(reader, source.topic, range),
        signal,
        ({ offsets, of }) => err.progress(() => `${offsets} of ${of} offsets read`),
      );
      const { partitions, total, unread } = counted;
      return {
        ...(unread.length > 0 && { exit: 'failed' as const }),
        text: [
          {
            head: ['partition', 'from', 'to before', 'records'],
            rows: partitions.map(({ partition, from, to, count }) => [partition, from, to, count]),
          },
          `${total} records of ${source.topic}`,
          ...unread.map(({ topic, partition, why }) => `not counted: ${topic}:${partition ?? '*'}: ${why}`),
        ],
        json: { partitions, total, unread },
      };
    } finally {
      await reader.close();
    }
  },
});
