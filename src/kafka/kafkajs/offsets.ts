import { groupedBy } from '../../core/grouped-by.ts';
import { READ_UNCOMMITTED } from './fetched.ts';
import type { Cluster, ConsumerGroup, GroupPosition, TopicOffsets } from './types.ts';

/** In place of a time: behind the last record. */
const LATEST = -1;
const NO_LEADER = -1;

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

/** What this member was given at its last join. */
export function assignedPartitions(group: ConsumerGroup): Partitions {
  return new Map(group.assigned().map(({ topic, partitions }) => [topic, partitions] as const));
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

/** The first offset each partition still has, or the last stable one: nobody can read behind it while transactions are open. */
export async function boundaryOffsets(
  cluster: Cluster,
  partitions: Partitions,
  boundary: 'earliest' | 'latest',
): Promise<Map<string, number>> {
  const topics = query(partitions).map((topic) => ({ ...topic, fromBeginning: boundary === 'earliest' }));
  const offsets = flatten(await cluster.fetchTopicsOffset(topics));
  return new Map(offsets.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
}

/** The offset behind each partition's last record, whether or not its transaction has ended: as Kafka's own tools count. */
export async function highWatermarks(cluster: Cluster, partitions: Partitions): Promise<Map<string, number>> {
  const places = [...partitions].flatMap(([topic, own]) => {
    const leaders = new Map(cluster.findTopicPartitionMetadata(topic).map((one) => [one.partitionId, one.leader]));
    return own.map((partition) => ({ topic, partition, leader: leaders.get(partition) ?? NO_LEADER }));
  });
  const byLeader = groupedBy(
    places.filter(({ leader }) => leader !== NO_LEADER),
    ({ leader }) => leader,
  );
  const answers = await Promise.all(
    [...byLeader].map(async ([leader, led]) => {
      const broker = await cluster.findBroker({ nodeId: String(leader) });
      const topics = [...byTopic(led)].map(([topic, own]) => ({
        topic,
        partitions: own.map(({ partition }) => ({ partition, timestamp: LATEST })),
      }));
      const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel: READ_UNCOMMITTED, topics });
      return flatten(responses);
    }),
  );
  return new Map(answers.flat().map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
}

/** The partitions of these places, by topic. */
export function partitionsOf(places: Iterable<{ readonly topic: string; readonly partition: number }>): Partitions {
  return new Map([...byTopic(places)].map(([topic, own]) => [topic, own.map(({ partition }) => partition)]));
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
  return groupedBy(items, ({ topic }) => topic);
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
