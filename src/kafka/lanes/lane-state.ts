import type { KafkaRecord } from '../../core/record.ts';
import type { Wait } from '../../pipeline/waits.ts';
import type { Lane } from './lane.ts';

/** A lane as whoever watches it sees it. */
export interface LaneState {
  readonly topic: string;
  readonly partition: number;
  /** The offset that is, or is about to be, committed. */
  readonly front: number;
  /** The offset to read next. */
  readonly next: number;
  /** The offset that the broker has, as far as is known. */
  readonly committed: number;
  /** The offset behind the partition's last record, where it is known. */
  readonly end: number | undefined;
  readonly oldest: KafkaRecord | undefined;
  readonly wait: Wait | undefined;
}

/** @param end the offset behind the partition's last record */
export function stateOf(lane: Lane, end: number | undefined, wait: Wait | undefined): LaneState {
  const { topic, partition, next, committed, oldest } = lane;
  return { topic, partition, front: lane.progress().offset, next, committed, end, oldest, wait };
}
