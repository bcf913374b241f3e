import { CommitFront } from '../../core/commit-front.ts';
import type { KafkaRecord } from '../../core/record.ts';
import { Abandoned, type Ownership } from '../../pipeline/ports.ts';
import { pause } from '../../pipeline/waiting.ts';
import type { Waits } from '../../pipeline/waits.ts';

/** When a lane asks for no more, and when it asks again. */
const HIGH_WATER = { records: 500, bytes: 1_048_576 };
const LOW_WATER = { records: 100, bytes: 262_144 };
/** Written as ranges they fit into the 4,096 bytes of metadata that a broker keeps with a commit. */
const MOST_PAST_FRONT = 400;
const LEASE_PAUSE_MS = 100;
const ERROR_PAUSE_MS = 1_000;

export interface LaneOptions {
  readonly topic: string;
  readonly partition: number;
  /** Where to begin, and what was committed with it. */
  readonly committed: { readonly offset: number; readonly metadata: string };
  /** Records of different keys in flight at once; 1 keeps the partition's order. */
  readonly concurrency: number;
  readonly ownership: Ownership;
  readonly waits: Waits;
  /** Brings one record to rest. Throws `Abandoned`, with nothing settled, where it may not go on. */
  readonly process: (record: KafkaRecord, ownership: Ownership) => Promise<void>;
  /** The lane has settled something that should be committed. */
  readonly onMoved: (lane: Lane) => void;
  /** The lane has room again. */
  readonly onRoom: (lane: Lane) => void;
  /** `process` threw what it never should. */
  readonly onError: (record: KafkaRecord, error: unknown) => void;
}

/**
 * One topic-partition's records in their order, and the worker that brings them to rest.
 *
 * Records wait in a queue bounded by number and bytes. At most `concurrency` are in flight, never two of one key, and a
 * new one starts only while at most as many are settled but not yet committed: that bounds what a crash repeats.
 */
export class Lane {
  readonly topic: string;
  readonly partition: number;
  readonly #options: LaneOptions;
  readonly #front: CommitFront;
  #queue: KafkaRecord[] = [];
  #queuedBytes = 0;
  readonly #inFlight = new Map<string, KafkaRecord>();
  #settled = 0;
  #committed = 0;
  #committedOffset: number;
  #full = false;
  #onIdle: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.#options = options;
    this.#committedOffset = options.committed.offset;
    this.#front = new CommitFront(options.committed.offset, options.committed.metadata);
  }

  /** The offset to read next. */
  get next(): number {
    return this.#front.next;
  }

  /** The offset that the broker has for this partition, as far as is known. */
  get committed(): number {
    return this.#committedOffset;
  }

  /** At the high-water mark: nothing more is taken until `onRoom` is called. */
  get full(): boolean {
    return this.#full;
  }

  /** The oldest record that is not settled, as far as it was read. */
  get oldest(): KafkaRecord | undefined {
    let oldest = this.#queue[0];
    for (const record of this.#inFlight.values()) {
      if (oldest === undefined || record.offset < oldest.offset) oldest = record;
    }
    return oldest;
  }

  /**
   * Takes records in their order; `next` is where reading goes on behind them.
   *
   * @returns `full` where nothing more should be read before `onRoom`
   */
  take(records: readonly KafkaRecord[], next: number): 'room' | 'full' {
    for (const record of records) {
      if (this.#front.take(record.offset) === 'settled') continue;
      this.#queue.push(record);
      this.#queuedBytes += weight(record);
    }
    this.#front.skipTo(next);
    this.#full ||= this.#queue.length >= HIGH_WATER.records || this.#queuedBytes >= HIGH_WATER.bytes;
    if (this.#inFlight.size === 0 && this.#queue.length === 0) this.#options.onMoved(this);
    this.#startWhatMay();
    return this.#full ? 'full' : 'room';
  }

  /** Passes records that the broker no longer has. */
  skipTo(next: number): void {
    this.take([], next);
  }

  /** What to commit now; `acknowledge` is called once the broker has taken it. */
  progress(): { offset: number; metadata: string; acknowledge: () => void } {
    const settled = this.#settled;
    const offset = this.#front.front;
    return {
      offset,
      metadata: this.#front.metadata(),
      acknowledge: () => {
        this.#committed = Math.max(this.#committed, settled);
        this.#committedOffset = Math.max(this.#committedOffset, offset);
        this.#startWhatMay();
      },
    };
  }

  /** Resolves when nothing is in flight; the ownership must be closing, or it may never be. */
  async idle(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #startWhatMay(): void {
    const { concurrency, ownership } = this.#options;
    while (
      !ownership.closing.aborted &&
      this.#inFlight.size < concurrency &&
      this.#settled - this.#committed <= concurrency
    ) {
      const record = this.#pop();
      if (record === undefined) return;
      void this.#bringToRest(record);
    }
  }

  /** The first record whose key is not in flight; far past the front, only the one at the front itself. */
  #pop(): KafkaRecord | undefined {
    const at = this.#queue.findIndex((record) => !this.#inFlight.has(this.#chain(record)));
    const record = this.#queue[at];
    if (record === undefined) return undefined;
    if (this.#front.past >= MOST_PAST_FRONT && record.offset !== this.#front.front) return undefined;
    this.#queue.splice(at, 1);
    this.#queuedBytes -= weight(record);
    this.#inFlight.set(this.#chain(record), record);
    if (this.#full && this.#queue.length <= LOW_WATER.records && this.#queuedBytes <= LOW_WATER.bytes) {
      this.#full = false;
      this.#options.onRoom(this);
    }
    return record;
  }

  /** Records of one chain go one after the other. */
  #chain({ key }: KafkaRecord): string {
    return this.#options.concurrency === 1 ? '' : (key?.toString('latin1') ?? '');
  }

  async #bringToRest(record: KafkaRecord): Promise<void> {
    if (await this.#process(record)) {
      this.#front.settle(record.offset);
      this.#settled += 1;
    }
    this.#inFlight.delete(this.#chain(record));
    this.#options.onMoved(this);
    this.#startWhatMay();
    if (this.#inFlight.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** @returns whether the record is settled; where it is not, this lane has ended */
  async #process(record: KafkaRecord): Promise<boolean> {
    const { process, ownership, onError, waits } = this.#options;
    let end: (() => void) | undefined;
    while (!ownership.closing.aborted) {
      try {
        await process(record, ownership);
        end?.();
        return true;
      } catch (error) {
        const stale = error instanceof Abandoned;
        if (!stale) onError(record, error);
        if (!stale) end ??= waits.begin(record, 'error');
        await pause(stale ? LEASE_PAUSE_MS : ERROR_PAUSE_MS, ownership.closing).catch(() => undefined);
      }
    }
    end?.();
    return false;
  }
}

function weight({ key, value, headers }: KafkaRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const value of Object.values(headers).flat()) bytes += value?.length ?? 0;
  return bytes;
}
