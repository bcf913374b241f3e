import type { Waits } from '../../pipeline/waits.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { Lane } from './lane.ts';

/** How long what cannot be read waits before it is asked for again. */
export const CORRUPT_PAUSE_MS = 1_000;

/** Lanes that get nothing for now, because what they would get cannot be read; the others go on. */
export class Quarantine {
  readonly #lanes = new WeakSet<Lane>();
  readonly #waits: Waits;
  readonly #ends = new Map<Lane, () => void>();

  constructor(waits: Waits) {
    this.#waits = waits;
  }

  has(lane: Lane): boolean {
    return this.#lanes.has(lane);
  }

  /**
   * Holds lanes back until `mended`, or for ever where it fails: their epoch has ended then. They are known to wait until
   * `isOver` is called: what is read again after a pause may be as bad as before.
   */
  hold(group: ConsumerGroup, lanes: readonly Lane[], reason: 'corrupt' | 'parked_unread', mended: Promise<void>): void {
    for (const lane of lanes) {
      this.#lanes.add(lane);
      if (!this.#ends.has(lane)) this.#ends.set(lane, this.#waits.begin(lane, reason));
    }
    group.pause(lanes.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
    mended.then(
      () => {
        for (const lane of lanes) this.#lanes.delete(lane);
        if (reason === 'parked_unread') this.isOver(lanes);
        for (const lane of lanes) this.resume(group, lane);
      },
      () => undefined,
    );
  }

  /** Nothing keeps these lanes from reading any more, or they are given up. */
  isOver(lanes: Iterable<Lane>): void {
    for (const lane of lanes) {
      this.#ends.get(lane)?.();
      this.#ends.delete(lane);
    }
  }

  /** Has a lane's partition fetched again, unless the lane is full or held back. */
  resume(group: ConsumerGroup, lane: Lane): void {
    if (!lane.full && !this.has(lane)) group.resume([{ topic: lane.topic, partitions: [lane.partition] }]);
  }
}
