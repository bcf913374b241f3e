import { CommitFront } from '../../core/commit-front.ts';
import type { KafkaRecord } from '../../core/record.ts';
import { keyText } from '../../pipeline/order-key.ts';
import { Abandoned, type Ownership } from '../../pipeline/ports.ts';
import { pause } from '../../pipeline/waiting.ts';
import type { Waits } from '../../pipeline/waits.ts';
import { Chains, type Chain } from './chains.ts';
import { weightOf, type WaitingRoom } from './waiting-room.ts';

/** When a lane asks for no more, and when it asks again; the same is said in bytes by the room it shares with others. */
const HIGH_WATER_RECORDS = 500;
const LOW_WATER_RECORDS = 100;
const NO_KEY = Buffer.alloc(0);
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
  /** Shared by all lanes. */
  readonly room: WaitingRoom;
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
  readonly #chains = new Chains();
  #waitingBytes = 0;
  #settled = 0;
  #committed = 0;
  #committedOffset: number;
  #tookMs = 0;
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

  /** At the high-water mark: nothing more is taken until `onRoom` is called. */
  get full(): boolean {
    return this.#full;
  }

  /** The offset that the broker has taken last. */
  get committed(): number {
    return this.#committedOffset;
  }

  /** Nothing is started before the next commit: as many records are settled without one as may be. */
  get awaitsCommit(): boolean {
    return this.#settled - this.#committed > this.#options.concurrency;
  }

  /** How long the last record took to come to rest, in milliseconds. */
  get tookMs(): number {
    return this.#tookMs;
  }

  /** Nothing waits, and nothing is in flight. */
  get empty(): boolean {
    return this.#chains.inFlight === 0 && this.#chains.waiting === 0;
  }

  /** The oldest record that is not settled, as far as it was read. */
  get oldest(): KafkaRecord | undefined {
    return this.#chains.oldest;
  }

  /**
   * Takes records in their order, until it is full; `next` is where reading goes on behind them all.
   *
   * @returns how many were taken; the others have to be read again
   */
  take(records: readonly KafkaRecord[], next: number): number {
    let taken = 0;
    for (const record of records) {
      if (this.#full) break;
      taken += 1;
      if (this.#front.take(record.offset) === 'unsettled') this.#queue(record);
    }
    if (taken === records.length) this.#front.skipTo(next);
    if (this.empty) this.#options.onMoved(this);
    this.#startWhatMay();
    return taken;
  }

  /** Passes records that the broker no longer has. */
  skipTo(next: number): void {
    this.take([], next);
  }

  /** What to commit now; `acknowledge` is called once the broker has taken it. */
  progress(): { offset: number; metadata: string; acknowledge: () => void } {
    const [settled, offset] = [this.#settled, this.#front.front];
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
    if (this.#chains.inFlight === 0) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #queue(record: KafkaRecord): void {
    const { concurrency, room } = this.#options;
    // Records without a key, or with an empty one, are one chain.
    this.#chains.add(concurrency === 1 ? '' : keyText(record.key ?? NO_KEY), record);
    const weight = weightOf(record);
    this.#waitingBytes += weight;
    room.enter(weight);
    this.#full = this.#chains.waiting >= HIGH_WATER_RECORDS || this.#waitingBytes >= room.highWater;
  }

  #startWhatMay(): void {
    const { concurrency, ownership } = this.#options;
    while (
      !ownership.closing.aborted &&
      this.#chains.inFlight < concurrency &&
      !this.awaitsCommit &&
      this.#mayStart(this.#chains.next)
    ) {
      this.#start();
    }
  }

  /** Far past the front, only the record at the front itself. */
  #mayStart(record: KafkaRecord | undefined): boolean {
    if (record === undefined) return false;
    return record.offset === this.#front.front || this.#front.hasRoom(this.#chains.inFlight);
  }

  #start(): void {
    const chain = this.#chains.start();
    if (chain === undefined) return;
    this.#waitingBytes -= weightOf(chain.records[0]);
    void this.#bringToRest(chain);
    const { room, onRoom } = this.#options;
    if (this.#full && this.#chains.waiting <= LOW_WATER_RECORDS && this.#waitingBytes <= room.lowWater) {
      this.#full = false;
      onRoom(this);
    }
  }

  async #bringToRest(chain: Chain): Promise<void> {
    const [record] = chain.records;
    const began = performance.now();
    if (await this.#process(record)) {
      this.#front.settle(record.offset);
      this.#settled += 1;
    }
    this.#tookMs = performance.now() - began;
    this.#chains.end(chain);
    this.#options.room.leave(weightOf(record));
    this.#options.onMoved(this);
    this.#startWhatMay();
    if (this.#chains.inFlight === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
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
