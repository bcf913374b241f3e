import type { Observe } from '../../pipeline/ports.ts';
import { pause, untilDone } from '../../pipeline/waiting.ts';
import type { Partitions } from '../kafkajs/offsets.ts';
import type { Cluster } from '../kafkajs/types.ts';
import { CORRUPT_PAUSE_MS } from './quarantine.ts';
import type { Learnt, ParkedReader, Starts } from './parked-reader.ts';

/** How one epoch comes to know what is parked in its partitions. */
export class ParkedLearning {
  readonly #reader: ParkedReader;
  readonly #observe: Observe;
  readonly #cluster: Cluster;
  readonly #starts: Starts;
  readonly #closing: AbortSignal;

  /** @param starts where each partition's lane begins to read */
  constructor(reader: ParkedReader, observe: Observe, cluster: Cluster, starts: Starts, closing: AbortSignal) {
    this.#reader = reader;
    this.#observe = observe;
    this.#cluster = cluster;
    this.#starts = starts;
    this.#closing = closing;
  }

  /** @returns the partition numbers of which something parked cannot be read */
  async learn(assigned: Partitions): Promise<Set<number>> {
    const began = performance.now();
    const { records, corrupt } = await this.#reader.learn(this.#cluster, assigned, this.#starts, this.#closing);
    if (records > 0) this.#observe({ kind: 'fence_read', records, tookMs: performance.now() - began });
    this.#tell(corrupt);
    return new Set(corrupt.map(({ partition }) => partition));
  }

  /** Resolves when all that is parked of these partitions is known after all. */
  async learnOn(partitions: Partitions): Promise<void> {
    const learn = () => this.#reader.learnMore(this.#cluster, partitions, this.#starts, this.#closing);
    const failed = (error: unknown) => this.#observe({ kind: 'join_failed', error });
    for (let isKnown = false; !isKnown;) {
      await pause(CORRUPT_PAUSE_MS, this.#closing);
      const { corrupt } = await untilDone(learn, failed, this.#closing);
      this.#tell(corrupt);
      isKnown = corrupt.length === 0;
    }
  }

  #tell(corrupt: Learnt['corrupt']): void {
    for (const batch of corrupt) this.#observe({ kind: 'corrupt', ...batch });
  }
}
