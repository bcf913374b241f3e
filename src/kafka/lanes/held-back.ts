import { partitionKey } from '../kafkajs/offsets.ts';
import type { FetchedBatch } from '../kafkajs/types.ts';

/** A partition whose readers get nothing from this offset on before the transaction there has ended. */
export interface HeldBack {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

type Ends = Pick<FetchedBatch, 'topic' | 'partition' | 'lastStableOffset' | 'highWatermark'>;

/**
 * Which partitions open transactions hold back, and whose transaction has been open for so long that somebody has to look
 * at it. Goes by what leaders tell with each fetch. All times are milliseconds of one monotonic clock.
 */
export class HeldBackPartitions {
  readonly #patienceMs: number;
  readonly #held = new Map<string, { readonly place: HeldBack; dueAt: number }>();

  /** @param patienceMs how long a transaction may be open before anybody looks at it */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** A leader has told how far its partition can be read, and how far it goes. */
  told({ topic, partition, lastStableOffset, highWatermark }: Ends, now: number): void {
    const key = partitionKey(topic, partition);
    const offset = Number(lastStableOffset);
    if (offset >= Number(highWatermark)) this.#held.delete(key);
    else if (this.#held.get(key)?.place.offset !== offset)
      this.#held.set(key, { place: { topic, partition, offset }, dueAt: now + this.#patienceMs });
  }

  /** When the next transaction has to be looked at; `undefined` while there is none. */
  get dueAt(): number | undefined {
    const next = Math.min(...[...this.#held.values()].map(({ dueAt }) => dueAt));
    return next === Infinity ? undefined : next;
  }

  /** What has to be looked at by now. */
  due(now: number): HeldBack[] {
    return [...this.#held.values()].flatMap(({ place, dueAt }) => (dueAt <= now ? [place] : []));
  }

  /** These are looked at again at that time, and never again where it is `Infinity`; unless they go on meanwhile. */
  lookAgain(places: readonly HeldBack[], at: number): void {
    for (const { topic, partition, offset } of places) {
      const held = this.#held.get(partitionKey(topic, partition));
      if (held?.place.offset === offset) held.dueAt = at;
    }
  }
}
