import type { Waits } from '../../pipeline/waits.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { Lane } from './lane.ts';

/** How long what cannot be read waits before it is asked for again. */
export const CORRUPT_PAUSE_MS = 1_000;

/**
 * Why a lane gets nothing: a batch, or what is parked, is corrupt; more is parked than there is room to know; or a topic is
 * missing that it reads, or needs to park.
 */
export type QuarantineReason = 'corrupt' | 'parked_unread' | 'parked_full' | 'topic_missing';

/** Lanes that get nothing for now, because what they would get cannot be read; the others go on. */
export class Quarantine {
  readonly #lanes = new WeakMap<Lane, QuarantineReason>();
  readonly #waits: Waits;
  readonly #ends = new Map<Lane, { readonly reason: QuarantineReason; readonly end: () => void }>();

  constructor(waits: Waits) {
    this.#waits = waits;
  }

  /** Why a lane is held back; absent where it is not. */
  reasonOf(lane: Lane): QuarantineReason | undefined {
    return this.#lanes.get(lane);
  }

  /** Holds lanes back until they are released. They are known to wait until it is over. */
  hold(group: ConsumerGroup, lanes: readonly Lane[], reason: QuarantineReason): void {
    for (const lane of lanes) {
      this.#lanes.set(lane, reason);
      this.#wait(lane, reason);
    }
    group.pause(lanes.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
  }

  /** Lets those be read again that are held back for this reason; what is read may be as bad as before. */
  release(group: ConsumerGroup, lanes: readonly Lane[], reason: QuarantineReason): void {
    for (const lane of lanes.filter((one) => this.reasonOf(one) === reason)) {
      this.#lanes.delete(lane);
      this.resume(group, lane);
    }
  }

  /** These lanes have read again, or are given up. */
  isOver(lanes: Iterable<Lane>): void {
    for (const lane of lanes) {
      this.#ends.get(lane)?.end();
      this.#ends.delete(lane);
    }
  }

  #wait(lane: Lane, reason: QuarantineReason): void {
    if (this.#ends.get(lane)?.reason === reason) return;
    this.isOver([lane]);
    this.#ends.set(lane, { reason, end: this.#waits.begin(lane, reason) });
  }

  /** Has a lane's partition fetched again, unless the lane is full or held back. */
  resume(group: ConsumerGroup, lane: Lane): void {
    if (!lane.full && this.reasonOf(lane) === undefined) {
      group.resume([{ topic: lane.topic, partitions: [lane.partition] }]);
    }
  }
}
