import { Misconfigured } from '../../core/misconfigured.ts';
import { createKafka } from '../../kafka/kafkajs/client.ts';
import { openGroupOffsets } from '../../kafka/kafkajs/group-offsets.ts';
import { openReader } from '../../kafka/kafkajs/reader.ts';
import { extents, upTo } from '../../operate/replay/extent.ts';
import { knownEvents } from '../../operate/replay/left-out.ts';
import { parseRange, rangeName, type RangeOptions } from '../../operate/replay/range.ts';
import { replay, type Told } from '../../operate/replay/run.ts';
import type { Ending } from '../../pipeline/work.ts';
import { createTeller, type TellerSettings } from '../../service/replay.ts';
import { taskCommand, type Task } from '../common/command.ts';
import type { Result } from '../common/result.ts';
import { consent } from '../common/consent.ts';
import { wholeNumber } from '../common/numbers.ts';
import { silent, topologyOf } from '../common/reading.ts';
import { rangeOptions } from './options.ts';
import { retryTopicsOf } from '../../operate/evidence.ts';

interface RunOptions extends RangeOptions {
  readonly rate: number;
  readonly skipDelivered?: true;
  readonly yes?: true;
  readonly json?: true;
}

type RunTask = Task<RunOptions, 'kafka' | keyof TellerSettings>;

/** Slow enough not to be felt beside the live service. */
const DEFAULT_RATE = 10;

/** `replay run`: tells a bounded range again beside the running service. */
export const replayRun = taskCommand({
  name: 'replay run',
  summary: 'tell a bounded range of payments again, beside the running service and without touching its offsets',
  usage: (command) =>
    rangeOptions(command)
      .option('--rate <n>', 'requests a second', wholeNumber, DEFAULT_RATE)
      .option('--skip-delivered', 'leave out what an outcome says was delivered; needs OUTCOMES_TOPIC')
      .option('--yes', 'do not ask')
      .option('--json', 'print {"sent","delivered","refused","skipped","complete","notTold"}'),
  help: `
Reads the settings of the service. It goes on where an earlier run of the same range was ended: that is kept in the group
KAFKA_GROUP_ID.replay. Left out: what the service has not come to yet, and what waits in a retry topic. A refused event is
named and no dead letter is written; one without a result stops its partition after five tries, and the exit code is 1.
Log lines on standard error carry "replay":true; metrics count nothing of it.

Examples:
  payment-notifier replay run --from 2026-11-28T09:00:00Z --to 2026-11-28T09:15:00Z --rate 20 --skip-delivered
  payment-notifier replay run --partition 3 --from-offset 1200 --to-offset 1400 --yes --json`,
  sections: [
    'kafka',
    'source',
    'registry',
    'gateway',
    'limits',
    'keys',
    'retry',
    'hold',
    'outcomes',
    'notification',
    'log',
  ],
  givesWay: true,

  run: async (task: RunTask): Promise<Result> => {
    const { options, settings, signal } = task;
    const { kafka, source, outcomes } = settings;
    const range = parseRange(options);
    const skipDelivered = options.skipDelivered === true;
    if (skipDelivered && outcomes.topic === undefined) {
      throw new Misconfigured([
        '--skip-delivered: nothing says what was delivered; set OUTCOMES_TOPIC, or leave it out',
      ]);
    }
    const { groupId } = kafka.group;
    const client = createKafka(kafka.client, silent);
    const teller = createTeller(settings, options.rate, signal);
    const [reader, service, progress] = await Promise.all([
      openReader(client),
      openGroupOffsets(client, groupId),
      openGroupOffsets(client, `${groupId}.replay`),
    ]);
    try {
      const topology = topologyOf(settings);
      const wanted = upTo(await extents(reader, source.topic, range), await service.committed(source.topic));
      const retryTopics = await retryTopicsOf({ reader, topology });
      const known = await knownEvents(reader, {
        ...{ topology, groupId, retryTopics, outcomes: skipDelivered, extents: wanted, signal },
      });
      const left = new Set([...known.waiting, ...(skipDelivered ? known.delivered : [])]).size;
      const offsets = wanted.reduce((sum, { from, to }) => sum + to - from, 0);
      const plan = [
        ...wanted.map(({ partition, from, to }) => `${source.topic}:${partition}: from ${from} to before ${to}`),
        `${offsets} offsets, ${left} of their events are left out, at ${options.rate} requests a second.`,
        ...known.unread.map(({ topic, partition, why }) => `not looked through: ${topic}:${partition ?? '*'}: ${why}`),
      ];
      if (known.unread.length > 0)
        throw new Misconfigured([...plan, 'what waits there could be told twice; mend that first']);
      if (!(await consent(plan, { ...task, yes: options.yes === true }))) return { text: ['nothing was sent'] };
      const began = performance.now();
      const ran = await replay({
        ...{ reader, source: source.topic, extents: wanted, known, skipDelivered, progress, signal },
        range: rangeName(range),
        tell: async (record) => toldOf(await teller.tell(record)),
        onTold: ({ sent, skipped }) =>
          task.err.progress(() => estimate(sent + skipped, offsets, performance.now() - began)),
      });
      const { sent, delivered, refused, skipped, complete, notTold } = ran;
      return {
        ...(!complete && { exit: 'failed' as const }),
        text: [
          `${sent} requests: ${delivered} delivered, ${refused} refused; ${skipped} events left out` +
            (complete ? '' : '; the range was not told to its end, run the same command to go on'),
          ...notTold.map(({ record, why }) => `${record}: ${why}`),
        ],
        json: ran,
      };
    } finally {
      teller.close();
      await Promise.all([reader.close(), service.close(), progress.close()]);
    }
  },
});

function toldOf(ending: Ending): Told {
  switch (ending.kind) {
    case 'complete':
      return { kind: 'delivered' };
    case 'retry':
      return { kind: 'unknown', why: ending.reason };
    case 'dead_letter':
      return UNSENDABLE.has(ending.reason)
        ? { kind: 'unsendable', why: `${ending.reason}: ${ending.detail}` }
        : { kind: 'refused', code: ending.detail };
    case 'superseded':
      return { kind: 'unsendable', why: 'a newer copy of it is under way' };
  }
}

const UNSENDABLE: ReadonlySet<string> = new Set(['undecodable', 'invalid_event', 'too_large']);

function estimate(done: number, of: number, tookMs: number): string {
  const leftS = done === 0 ? 0 : Math.round((tookMs / done) * (of - done)) / 1_000;
  return `${done} of ${of} told again, about ${Math.ceil(leftS)} s to go`;
}
