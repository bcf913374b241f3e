import type { Observe } from '../../pipeline/ports.ts';
import { pause, untilDone } from '../../pipeline/waiting.ts';
import { partitionKey, type Partitions } from '../kafkajs/offsets.ts';
import type { Cluster } from '../kafkajs/types.ts';
import { CORRUPT_PAUSE_MS, type QuarantineReason } from './quarantine.ts';
import type { Learnt, ParkedReader, Starts } from './parked-reader.ts';

/** What there is no room for is asked about as often as others have left room: not each time. */
const FULL_EVERY = 10;

/** Partition numbers of which not all that is parked is known, and why. */
export type Unknown = ReadonlyMap<number, Extract<QuarantineReason, `parked_${string}`>>;

/** How one epoch comes to know what is parked in its partitions. */
export class ParkedLearning {
  readonly #reader: ParkedReader;
  readonly #source: string;
  readonly #observe: Observe;
  readonly #cluster: Cluster;
  readonly #starts: Starts;
  readonly #closing: AbortSignal;

  /** @param starts where each partition's lane begins to read */
  constructor(
    reader: ParkedReader,
    source: string,
    observe: Observe,
    cluster: Cluster,
    starts: Starts,
    closing: AbortSignal,
  ) {
    this.#reader = reader;
    this.#source = source;
    this.#observe = observe;
    this.#cluster = cluster;
    this.#starts = starts;
    this.#closing = closing;
  }

  /** Finds out what is parked, as far as that can be. */
  async learn(assigned: Partitions): Promise<Unknown> {
    const began = performance.now();
    const learnt = await this.#reader.learn(this.#cluster, assigned, this.#starts, this.#closing);
    const { records } = learnt;
    if (records > 0) this.#observe({ kind: 'fence_read', records, tookMs: performance.now() - began });
    return this.#tell(learnt);
  }

  /**
   * Goes on until all is known, or the epoch closes. One at a time: several that find no room for each other would none
   * of them come to an end.
   *
   * @param look told after each try what is unknown still
   */
  async learnOn(assigned: Partitions, unknown: Unknown, look: (still: Unknown) => void): Promise<void> {
    let still = unknown;
    for (let round = 1; still.size > 0; round += 1) {
      await pause(CORRUPT_PAUSE_MS, this.#closing);
      const isDue = (number: number): boolean => still.get(number) === 'parked_unread' || round % FULL_EVERY === 0;
      const rest = new Map([...still].filter(([number]) => !isDue(number)));
      const due = [...still.keys()].filter(isDue);
      if (due.length === 0) continue;
      const partitions = new Map([...assigned].map(([topic, own]) => [topic, own.filter((one) => due.includes(one))]));
      const learnt = await untilDone(
        () => this.#reader.learnMore(this.#cluster, partitions, this.#starts, this.#closing),
        (error) => this.#observe({ kind: 'join_failed', error }),
        this.#closing,
      );
      if (this.#closing.aborted) return;
      still = new Map([...rest, ...this.#tell(learnt)]);
      look(still);
    }
  }

  #tell({ corrupt, full }: Learnt): Unknown {
    for (const batch of corrupt) this.#observe({ kind: 'corrupt', ...batch });
    for (const partition of full) {
      const offset = this.#starts.get(partitionKey(this.#source, partition)) ?? 0;
      const error = new Error('more events are parked than there is room to know of');
      this.#observe({ kind: 'waiting', for: 'parked', record: { topic: this.#source, partition, offset }, error });
    }
    return new Map([
      ...full.map((partition) => [partition, 'parked_full'] as const),
      ...corrupt.map(({ partition }) => [partition, 'parked_unread'] as const),
    ]);
  }
}
