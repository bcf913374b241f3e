import type { KnownOffsets } from '../group/collaborators.ts';
import type { Epoch } from '../group/epoch.ts';
import { assignedPartitions, boundaryOffsets, commitOffsets, partitionKey } from '../kafkajs/offsets.ts';
import { isGivenUp } from '../kafkajs/errors.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { CarryOver } from './carry-over.ts';

/** Where the lanes of an assignment begin; both by `partitionKey`. */
export interface LaneStarts {
  /** How far the group has come, without the partitions that are new to it. */
  readonly committed: KnownOffsets;
  /** The first offset that each partition still has. */
  readonly earliest: ReadonlyMap<string, number>;
}

/**
 * Asks where each partition just assigned begins, and commits that where it is not what the group had committed: for one
 * without an offset, and where this member has settled more than that.
 */
export async function laneStarts(
  group: ConsumerGroup,
  epoch: Epoch,
  known: KnownOffsets,
  carryOver: CarryOver,
): Promise<LaneStarts> {
  const { cluster, groupId } = group;
  const assigned = assignedPartitions(group);
  const earliest = await boundaryOffsets(cluster, assigned, 'earliest');
  const places = [...assigned]
    .flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })))
    .map((place) => ({ ...place, at: partitionKey(place.topic, place.partition) }));
  const untold = places.find(({ at }) => !earliest.has(at));
  if (untold !== undefined) throw new Error(`it is not known yet who leads ${untold.at}, and what stands there`);
  const committed = carryOver.into(group, epoch, known);
  const starts = places
    .filter(({ at }) => !known.has(at) || committed.get(at) !== known.get(at))
    .map(({ at, ...place }) => ({ ...place, offset: earliest.get(at) ?? 0, ...committed.get(at) }));
  const position = { groupId, memberId: group.memberId ?? '', groupGenerationId: epoch.generation };
  try {
    await commitOffsets(cluster, position, starts);
  } catch (error) {
    // It may still be made, after later ones.
    if (isGivenUp(error)) epoch.end();
    throw error;
  }
  return { committed, earliest };
}

/** Where each lane will read first: records before the earliest are gone. */
export function firstReads({ committed, earliest }: LaneStarts): Map<string, number> {
  return new Map([...earliest].map(([at, first]) => [at, Math.max(first, committed.get(at)?.offset ?? 0)] as const));
}

/** What is wrong, with its remedy, where a partition ends before the offset that was committed. */
export function endsTooEarly(
  groupId: string,
  { topic, partition, next }: { readonly topic: string; readonly partition: number; readonly next: number },
  end: number,
): string {
  return (
    `${topic}:${partition} ends at offset ${end}, but the group has committed ${next}: the topic was made anew, or has lost ` +
    `records. Decide where to go on and set it with kafka-consumer-groups --group ${groupId} --topic ${topic}:${partition} ` +
    `--reset-offsets --to-offset … --execute, then start again`
  );
}
