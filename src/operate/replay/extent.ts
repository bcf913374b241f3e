import { Misconfigured } from '../../core/misconfigured.ts';
import type { Bound } from '../../inspect/stretch.ts';
import type { Boundary, Reader, TopicLayout } from '../../kafka/kafkajs/reader.ts';
import type { Range } from './range.ts';

/** A range in one partition: offsets from `from` on, to before `to`. Where nothing is in it, they are equal. */
export interface Extent {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A partition with the first offset it still has, and the one behind its last readable record. */
interface Ends {
  readonly partition: number;
  readonly leader: number;
  readonly earliest: number;
  readonly end: number;
}

/**
 * Where the range begins and ends in each of its partitions, cut to what the topic holds.
 *
 * Throws `Misconfigured` where the topic or the partition does not exist, and an error where a leader does not answer.
 */
export async function extents(reader: Reader, topic: string, range: Range): Promise<Extent[]> {
  const all = await ends(reader, topic, range.partition);
  const [from, to] = await Promise.all([place(reader, topic, all, range.from), place(reader, topic, all, range.to)]);
  return all.map(({ partition, earliest, end }) => {
    const last = Math.min(to.get(partition) ?? end, end);
    return {
      partition,
      from: Math.min(Math.max(from.get(partition) ?? earliest, earliest), Math.max(last, earliest)),
      to: Math.max(last, earliest),
    };
  });
}

/** Cut where the group has come to: what stands behind is told by the service itself. */
export function upTo(all: readonly Extent[], committed: ReadonlyMap<number, { readonly offset: number }>): Extent[] {
  return all.map(({ partition, from, to }) => {
    const end = Math.max(from, Math.min(to, committed.get(partition)?.offset ?? 0));
    return { partition, from, to: end };
  });
}

async function ends(reader: Reader, topic: string, only: number | undefined): Promise<Ends[]> {
  const [layout] = await reader.layouts([topic]);
  if (layout === undefined || layout.error !== undefined) throw missing(topic, layout);
  const wanted = layout.partitions.filter(({ partition }) => only === undefined || partition === only);
  if (wanted.length === 0) {
    throw new Misconfigured([
      `--partition: ${topic} has the partitions 0 to ${layout.partitions.length - 1}, not ${String(only)}`,
    ]);
  }
  const [earliest, end] = await Promise.all([
    ask(reader, topic, wanted, 'earliest'),
    ask(reader, topic, wanted, 'last stable'),
  ]);
  return wanted
    .map(({ partition, leader }) => ({
      partition,
      leader,
      earliest: earliest.get(partition) ?? 0,
      end: end.get(partition) ?? 0,
    }))
    .sort((a, b) => a.partition - b.partition);
}

/** A time that no record is as late as stands behind the last one: its partition is absent. */
async function place(
  reader: Reader,
  topic: string,
  partitions: readonly Ends[],
  bound: Bound | undefined,
): Promise<ReadonlyMap<number, number>> {
  if (bound === undefined) return new Map();
  if ('offset' in bound) return new Map(partitions.map(({ partition }) => [partition, bound.offset]));
  const found = await ask(reader, topic, partitions, bound);
  return new Map(partitions.map(({ partition, end }) => [partition, found.get(partition) ?? end]));
}

async function ask(
  reader: Reader,
  topic: string,
  partitions: readonly { readonly partition: number; readonly leader: number }[],
  which: Boundary,
): Promise<Map<number, number>> {
  const leaders = [...new Set(partitions.map(({ leader }) => leader))];
  const answers = await Promise.all(
    leaders.map((leader) => {
      const own = partitions.filter((one) => one.leader === leader);
      return reader.offsets(
        leader,
        own.map(({ partition }) => ({ topic, partition })),
        which,
      );
    }),
  );
  const offsets = new Map<number, number>();
  for (const { partition, offset, error } of answers.flat()) {
    if (error !== undefined)
      throw new Error(`${topic}:${partition} could not be asked for its offsets (${error}); try again`);
    if (offset !== undefined) offsets.set(partition, offset);
  }
  return offsets;
}

function missing(topic: string, layout: TopicLayout | undefined): Misconfigured {
  if (layout?.error === 'TOPIC_AUTHORIZATION_FAILED') {
    return new Misconfigured([
      `SOURCE_TOPIC: this user may not describe ${topic}; grant it Describe and Read on the topic`,
    ]);
  }
  return new Misconfigured([`SOURCE_TOPIC: the topic ${topic} does not exist; make it, or name the right one`]);
}
