import { ASSIGNER_NAME } from '../../core/assignment.ts';
import { errorType } from '../kafkajs/errors.ts';
import {
  boundaryOffsets,
  commitOffsets,
  committedOffsets,
  highWatermarks,
  partitionKey,
  type Partitions,
} from '../kafkajs/offsets.ts';
import type { Cluster } from '../kafkajs/types.ts';
import { sourceOf } from './assigner.ts';
import { otherSource } from './refusal.ts';

/** Somebody is in the group with whom this member cannot share it. */
export class GroupTaken extends Error {
  override readonly name = 'GroupTaken';
  readonly reason: 'taken' | 'other_source';

  constructor(reason: GroupTaken['reason'], message: string, cause: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
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
  const retryPartitions = new Map(start.retryTopics.map((topic) => [topic, partitionsOf(topic)]));
  const hasBegun = async (): Promise<boolean> => (await committedOffsets(cluster, groupId, sourcePartitions)).size > 0;
  for (let tries = 1; ; tries += 1) {
    if (await hasBegun()) return undefined;
    const parked = await topicsWithRecords(cluster, retryPartitions);
    const starts = await boundaryOffsets(cluster, sourcePartitions, startFrom);
    // Another member may have begun since, and have parked what is found now.
    if (await hasBegun()) return undefined;
    if (parked.length > 0) return { refusal: refusal(groupId, source, parked) };
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
      if (tries > 1) throw await takenBy(cluster, start, error);
    }
  }
}

async function takenBy(cluster: Cluster, { groupId, source }: FirstStart, cause: unknown): Promise<GroupTaken> {
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
  const ours = groups.filter(({ protocol }) => protocol === ASSIGNER_NAME).flatMap(({ members }) => members);
  const other = ours.map(({ memberMetadata }) => sourceOf(memberMetadata)).find((each) => each !== source);
  if (other === undefined) return new GroupTaken('taken', 'it has members, but no offset on the source topic', cause);
  return new GroupTaken('other_source', otherSource(other, source), cause);
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
    highWatermarks(cluster, partitions),
  ]);
  const holds = ([topic, numbers]: readonly [string, readonly number[]]): boolean =>
    numbers.some((number) => {
      const key = partitionKey(topic, number);
      return (last.get(key) ?? 0) > (first.get(key) ?? 0);
    });
  return [...partitions].filter(holds).map(([topic]) => topic);
}
