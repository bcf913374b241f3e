import { errorType } from './client.ts';
import type { Cluster, GroupPosition, TopicOffsets } from './internals.ts';

/** Partitions by topic. */
export type Partitions = ReadonlyMap<string, readonly number[]>;

/** A committed offset and the text committed with it. */
export interface Committed {
  readonly offset: number;
  readonly metadata: string;
}

/** `topic:partition`, the key of every map over partitions. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}

/** What the group has committed, without the partitions it has not. */
export async function committedOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: Partitions,
): Promise<Map<string, Committed>> {
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const { responses } = await coordinator.offsetFetch({ groupId, topics: query(partitions) });
  const committed = new Map<string, Committed>();
  for (const { topic, partition, offset, metadata } of flatten(responses)) {
    if (offset >= 0) committed.set(partitionKey(topic, partition), { offset, metadata: metadata ?? '' });
  }
  return committed;
}

/** The first offset each partition still has, or the one behind its last committed record. */
export async function boundaryOffsets(
  cluster: Cluster,
  partitions: Partitions,
  boundary: 'earliest' | 'latest',
): Promise<Map<string, number>> {
  const topics = query(partitions).map((topic) => ({ ...topic, fromBeginning: boundary === 'earliest' }));
  const offsets = flatten(await cluster.fetchTopicsOffset(topics));
  return new Map(offsets.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
}

/** A partition's offset to commit. */
export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata?: string;
}

/** Offsets as an OffsetCommit request carries them. */
export function topicOffsets(offsets: readonly OffsetToCommit[]): TopicOffsets[] {
  return [...byTopic(offsets)].map(([topic, own]) => ({
    topic,
    partitions: own.map(({ partition, offset, metadata }) => ({
      partition,
      offset: String(offset),
      metadata: metadata ?? '',
    })),
  }));
}

/** The items of each topic in their order. */
export function byTopic<T extends { readonly topic: string }>(items: Iterable<T>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.topic);
    if (group === undefined) groups.set(item.topic, [item]);
    else group.push(item);
  }
  return groups;
}

/** Commits as a member of a generation, or as nobody: that works only while the group is empty. */
export async function commitOffsets(
  cluster: Cluster,
  position: GroupPosition,
  offsets: readonly OffsetToCommit[],
): Promise<void> {
  if (offsets.length === 0) return;
  const coordinator = await cluster.findGroupCoordinator({ groupId: position.groupId });
  await coordinator.offsetCommit({ ...position, topics: topicOffsets(offsets) });
}

/** Something else than this service is in the group. */
export class GroupTaken extends Error {
  override readonly name = 'GroupTaken';
}

/** Where a group without any offset begins. */
export interface FirstStart {
  readonly groupId: string;
  readonly source: string;
  readonly retryTopics: readonly string[];
  readonly startFrom: 'earliest' | 'latest';
  readonly partitionsOf: (topic: string) => readonly number[];
}

/**
 * Gives a group without offsets a start for every source partition, before anybody joins, so that an idle partition is
 * not later taken for a new one.
 *
 * @returns a refusal where retry topics hold records: the offsets have probably expired, and sending history again must
 *   be somebody's decision. Throws `GroupTaken` while somebody else is in the group.
 */
export async function commitFirstStart(cluster: Cluster, start: FirstStart): Promise<{ refusal: string } | undefined> {
  const { groupId, source, startFrom, partitionsOf } = start;
  const sourcePartitions = new Map([[source, partitionsOf(source)]]);
  for (let tries = 1; ; tries += 1) {
    if ((await committedOffsets(cluster, groupId, sourcePartitions)).size > 0) return undefined;
    const parked = await topicsWithRecords(
      cluster,
      new Map(start.retryTopics.map((topic) => [topic, partitionsOf(topic)])),
    );
    if (parked.length > 0) return { refusal: refusal(groupId, source, parked) };
    const starts = await boundaryOffsets(cluster, sourcePartitions, startFrom);
    const offsets = partitionsOf(source).map((partition) => ({
      topic: source,
      partition,
      offset: starts.get(partitionKey(source, partition)) ?? 0,
    }));
    try {
      await commitOffsets(cluster, { groupId, groupGenerationId: -1, memberId: '' }, offsets);
      return undefined;
    } catch (error) {
      if (errorType(error) !== 'UNKNOWN_MEMBER_ID') throw error;
      // Another member was faster and has joined: its start counts. Who joins without a start is none of us.
      if (tries > 1) throw new GroupTaken('it has members, but no offset on the source topic', { cause: error });
    }
  }
}

function refusal(groupId: string, source: string, parked: readonly string[]): string {
  return (
    `group ${groupId} has no committed offset on ${source}, but ${parked.join(', ')} hold records: its offsets have ` +
    `probably expired. Decide where to go on and set it with kafka-consumer-groups --group ${groupId} --topic ${source} ` +
    `--reset-offsets --to-datetime … --execute (or --to-earliest, --to-latest), then start again`
  );
}

async function topicsWithRecords(cluster: Cluster, partitions: Partitions): Promise<string[]> {
  const [first, last] = await Promise.all([
    boundaryOffsets(cluster, partitions, 'earliest'),
    boundaryOffsets(cluster, partitions, 'latest'),
  ]);
  const holds = ([topic, numbers]: readonly [string, readonly number[]]): boolean =>
    numbers.some((number) => {
      const key = partitionKey(topic, number);
      return (last.get(key) ?? 0) > (first.get(key) ?? 0);
    });
  return [...partitions].filter(holds).map(([topic]) => topic);
}

function query(partitions: Partitions): { topic: string; partitions: { partition: number }[] }[] {
  return [...partitions]
    .filter(([, numbers]) => numbers.length > 0)
    .map(([topic, numbers]) => ({ topic, partitions: numbers.map((partition) => ({ partition })) }));
}

function flatten(topics: readonly TopicOffsets[]) {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset, metadata }) => ({ topic, partition, offset: Number(offset), metadata })),
  );
}
