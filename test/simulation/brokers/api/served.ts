import { ERROR } from '../error-codes.ts';
import type { Log } from '../log.ts';
import type { Partition, Reach } from '../partition.ts';
import type { Parts } from '../parts.ts';

/** A partition that this broker leads, and knows that it does; or why it does not serve it. */
export function ledBy(parts: Parts, node: number, name: string, index: number): Partition | number {
  const partition = parts.topics.partition(name, index);
  const leader = parts.news.leaderFor(node, name, index);
  if (partition === undefined || leader === undefined) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  return leader === node ? partition.refusal(node) || partition : ERROR.NOT_LEADER_OR_FOLLOWER;
}

/** What this broker has of a partition, whether it leads it or follows. */
export interface Served {
  readonly log: Log;
  readonly reach: Reach;
}

/** For readers: followers serve them, too. @param leaderEpoch -1 for any */
export function servedBy(
  parts: Parts,
  node: number,
  { name, index, currentLeaderEpoch }: { name: string; index: number; currentLeaderEpoch: number },
): Served | number {
  const partition = parts.topics.partition(name, index);
  if (partition === undefined || parts.news.leaderFor(node, name, index) === undefined)
    return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  const reach = partition.reachOf(node, currentLeaderEpoch);
  return typeof reach === 'number' ? reach : { log: partition.log, reach };
}
