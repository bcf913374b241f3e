import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Misconfigured } from '../../core/misconfigured.ts';
import { createKafka } from '../../kafka/kafkajs/client.ts';
import { openGroupOffsets } from '../../kafka/kafkajs/group-offsets.ts';
import { openReader } from '../../kafka/kafkajs/reader.ts';
import { extents } from '../../operate/replay/extent.ts';
import { knownEvents } from '../../operate/replay/left-out.ts';
import { readOffsets, writeOffsets } from '../../operate/replay/offsets-file.ts';
import { parseRange, type RangeOptions } from '../../operate/replay/range.ts';
import { assertNobodyIn, consequences, movesFrom, movesTo } from '../../operate/replay/reset.ts';
import { taskCommand } from '../common/command.ts';
import { consent } from '../common/consent.ts';
import { silent, topologyOf } from '../common/reading.ts';
import { rangeOptions } from './options.ts';
import { retryTopicsOf } from '../../operate/evidence.ts';

interface ResetOptions extends RangeOptions {
  readonly export?: string;
  readonly import?: string;
  readonly yes?: true;
  readonly json?: true;
}

/** `replay reset`: moves the offsets of the service's group, which must be empty. */
export const replayReset = taskCommand<ResetOptions, 'kafka' | 'source' | 'retry' | 'outcomes'>({
  name: 'replay reset',
  summary: 'move the offsets of the stopped service, and keep the old ones; it sends everything behind them again',
  usage: (command) =>
    rangeOptions(command)
      .option('--export <file>', 'where the old offsets go; offsets-GROUP-TIME.csv by default')
      .option('--import <file>', 'take the offsets of this file instead of the beginning of a range')
      .option('--yes', 'do not ask')
      .option('--json', 'print {"group","exported","partitions":[{"partition","before","after"}]}'),
  help: `
Reads KAFKA_BROKERS, KAFKA_GROUP_ID, SOURCE_TOPIC, RETRY_DELAYS and the KAFKA_* settings beside them. Files are those of
kafka-consumer-groups: topic,partition,offset (--reset-offsets --export, --from-file). The range has a beginning only: the
service reads on from there. Events that wait in retry topics are sent from there, once, whatever the offsets say.

Examples:
  payment-notifier replay reset --from 2026-11-28T09:00:00Z --export before.csv
  payment-notifier replay reset --import before.csv --yes`,
  sections: ['kafka', 'source', 'retry', 'outcomes'],

  run: async ({ options, settings, signal, stdin, err }) => {
    const { kafka, source } = settings;
    const { groupId } = kafka.group;
    const range = parseRange(options);
    const file = options.import;
    assertOneAim(options);
    const exported = options.export ?? `offsets-${groupId}-${new Date().toISOString().replaceAll(':', '')}.csv`;
    if (existsSync(exported)) throw new Misconfigured([`--export: ${exported} exists; name a file that does not`]);
    const wanted = file === undefined ? undefined : readOffsets(textOf(file), file);

    const client = createKafka(kafka.client, silent);
    const [reader, group] = await Promise.all([openReader(client), openGroupOffsets(client, groupId)]);
    try {
      assertNobodyIn(groupId, await group.state());
      const committed = await group.committed(source.topic);
      const aim = await extents(reader, source.topic, wanted === undefined ? range : WHOLE);
      const moves = wanted === undefined ? movesTo(aim, committed) : movesFrom(wanted, source.topic, aim, committed);
      const topology = topologyOf(settings);
      const again = moves.map(({ partition, before = 0, after }) => ({ partition, from: after, to: before }));
      const retryTopics = await retryTopicsOf({ reader, topology });
      const known = await knownEvents(reader, {
        ...{ topology, groupId, retryTopics, outcomes: false, extents: again, signal },
      });
      const plan = [
        ...moves.map(({ partition, before, after }) => `${source.topic}:${partition}: ${before ?? 'none'} → ${after}`),
        ...consequences(moves, known.waiting.size),
        ...known.unread.map(({ topic, partition, why }) => `not looked through: ${topic}:${partition ?? '*'}: ${why}`),
        `The old offsets go to ${exported}.`,
      ];
      if (!(await consent(plan, { yes: options.yes === true, stdin, err, signal }))) {
        return { text: ['nothing was changed'], json: { group: groupId, exported: null, partitions: [] } };
      }
      const old = [...committed].map(([partition, { offset }]) => ({ topic: source.topic, partition, offset }));
      writeFileSync(exported, writeOffsets(old), { flag: 'wx' });
      const after = new Map(moves.map((move) => [move.partition, { offset: move.after }]));
      if (!(await group.commit(source.topic, after))) assertNobodyIn(groupId, await group.state());
      return {
        text: [`${moves.length} offsets of group ${groupId} were set; the old ones stand in ${exported}`],
        json: { group: groupId, exported, partitions: moves.map((move) => ({ ...move, before: move.before ?? null })) },
      };
    } finally {
      await Promise.all([reader.close(), group.close()]);
    }
  },
});

const WHOLE = { partition: undefined, from: undefined, to: undefined };

function assertOneAim({ import: file, from, fromOffset, to, toOffset }: ResetOptions): void {
  const problems: string[] = [];
  if (to !== undefined || toOffset !== undefined) {
    problems.push('--to, --to-offset: a reset has no end, the service reads on; see "replay run" for a bounded range');
  }
  const begins = from !== undefined || fromOffset !== undefined;
  if (file !== undefined && begins) problems.push('--import and --from both say where to begin; give one of them');
  if (file === undefined && !begins)
    problems.push('where to begin is not said; give --from, --from-offset or --import');
  if (problems.length > 0) throw new Misconfigured(problems);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Misconfigured([`--import: ${file} cannot be read; name a file that "replay reset --export" wrote`]);
  }
}
