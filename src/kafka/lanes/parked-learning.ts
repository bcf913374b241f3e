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

/** What learning takes. */
export interface LearningParts {
  readonly reader: Pick<ParkedReader, 'learn' | 'learnMore'>;
  readonly source: string;
  readonly observe: Observe;
  readonly cluster: Cluster;
  /** Where each partition's lane begins to read. */
  readonly starts: Starts;
  readonly closing: AbortSignal;
  /** Whether this process still writes to topics beside the source, for a partition number. */
  readonly isWriting: (partition: number) => boolean;
}

/**
 * How one epoch comes to know what is parked in its partitions. As long as an earlier one still writes, that is not known:
 * who waited for the write has given up, but it may come to stand there yet.
 */
export class ParkedLearning {
  readonly #parts: LearningParts;

  constructor(parts: LearningParts) {
    this.#parts = parts;
  }

  /** Finds out what is parked, as far as that can be. */
  async learn(assigned: Partitions): Promise<Unknown> {
    const { reader, observe, cluster, starts, closing } = this.#parts;
    const began = performance.now();
    const { unwritten, writing } = this.#split(assigned);
    const learnt = await reader.learn(cluster, unwritten, starts, closing);
    const { records } = learnt;
    if (records > 0) observe({ kind: 'fence_read', records, tookMs: performance.now() - began });
    return new Map([...writing, ...this.#tell(learnt)]);
  }

  /**
   * Goes on until all is known, or the epoch closes. One at a time: several that find no room for each other would none
   * of them come to an end.
   *
   * @param look told after each try what is unknown still
   */
  async learnOn(assigned: Partitions, unknown: Unknown, look: (still: Unknown) => void): Promise<void> {
    const { reader, observe, cluster, starts, closing } = this.#parts;
    let still = unknown;
    for (let round = 1; still.size > 0; round += 1) {
      await pause(CORRUPT_PAUSE_MS, closing);
      const isDue = (number: number): boolean => still.get(number) === 'parked_unread' || round % FULL_EVERY === 0;
      const rest = new Map([...still].filter(([number]) => !isDue(number)));
      const due = [...still.keys()].filter(isDue);
      if (due.length === 0) continue;
      const partitions = new Map([...assigned].map(([topic, own]) => [topic, own.filter((one) => due.includes(one))]));
      const { unwritten, writing } = this.#split(partitions);
      const learnt = await untilDone(
        () => reader.learnMore(cluster, unwritten, starts, closing),
        (error) => observe({ kind: 'join_failed', error }),
        closing,
      );
      if (closing.aborted) return;
      still = new Map([...rest, ...writing, ...this.#tell(learnt)]);
      look(still);
    }
  }

  #split(partitions: Partitions): { readonly unwritten: Partitions; readonly writing: Unknown } {
    const { isWriting } = this.#parts;
    const writing = new Set([...partitions.values()].flat().filter(isWriting));
    return {
      unwritten: new Map([...partitions].map(([topic, own]) => [topic, own.filter((one) => !writing.has(one))])),
      writing: new Map([...writing].map((partition) => [partition, 'parked_unread'])),
    };
  }

  #tell({ corrupt, full }: Learnt): Unknown {
    const { source, observe, starts } = this.#parts;
    for (const batch of corrupt) observe({ kind: 'corrupt', ...batch });
    for (const partition of full) {
      const offset = starts.get(partitionKey(source, partition)) ?? 0;
      const error = new Error('more events are parked than there is room to know of');
      observe({ kind: 'waiting', for: 'parked', record: { topic: source, partition, offset }, error });
    }
    return new Map([
      ...full.map((partition) => [partition, 'parked_full'] as const),
      ...corrupt.map(({ partition }) => [partition, 'parked_unread'] as const),
    ]);
  }
}
