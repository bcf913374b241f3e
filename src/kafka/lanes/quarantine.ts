import type { ConsumerGroup } from '../kafkajs/types.ts';
import type { Lane } from './lane.ts';

/** How long what cannot be read waits before it is asked for again. */
export const CORRUPT_PAUSE_MS = 1_000;

/** Lanes that get nothing for now, because what they would get cannot be read; the others go on. */
export class Quarantine {
  readonly #lanes = new WeakSet<Lane>();

  has(lane: Lane): boolean {
    return this.#lanes.has(lane);
  }

  /** Holds lanes back until `mended`, or for ever where it fails: their epoch has ended then. */
  hold(group: ConsumerGroup, lanes: readonly Lane[], mended: Promise<void>): void {
    for (const lane of lanes) this.#lanes.add(lane);
    group.pause(lanes.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
    mended.then(
      () => {
        for (const lane of lanes) this.#lanes.delete(lane);
        for (const lane of lanes) this.resume(group, lane);
      },
      () => undefined,
    );
  }

  /** Has a lane's partition fetched again, unless the lane is full or held back. */
  resume(group: ConsumerGroup, lane: Lane): void {
    if (!lane.full && !this.has(lane)) group.resume([{ topic: lane.topic, partitions: [lane.partition] }]);
  }
}
