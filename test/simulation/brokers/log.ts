import { placed, readHead, stamp, type BatchHead } from './batch.ts';
import { ERROR } from './error-codes.ts';
import { Producers } from './producers.ts';
import { LogTransactions } from './log-transactions.ts';

/** A batch in its place. */
export interface StoredBatch {
  readonly head: BatchHead;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly bytes: Buffer;
  readonly appendedAt: number;
}

/** What a topic's settings ask of a batch. */
export interface AppendRules {
  readonly maxBatchBytes: number;
  readonly isAppendTime: boolean;
  /** How far a record's time may be ahead, in milliseconds. */
  readonly maxAheadMs: number;
}

/** What became of a batch; one that was sent again stands where it was. */
export type Appended =
  | { readonly kind: 'appended'; readonly baseOffset: number; readonly end: number; readonly appendTime: number }
  | { readonly kind: 'known'; readonly baseOffset: number; readonly appendTime: number }
  | { readonly kind: 'refused'; readonly code: number };

/** What a fetch found. */
export interface Found {
  readonly bytes: Buffer;
  /** Behind the last offset that was found, or where it was looked for. */
  readonly end: number;
}

const NOTHING = Buffer.alloc(0);

/** The records of one partition on its leader: whole batches as they were written, each at its offset. */
export class Log {
  #batches: StoredBatch[] = [];
  readonly producers = new Producers();
  readonly transactions = new LogTransactions();
  #start = 0;
  #end = 0;
  #highWatermark = 0;

  get startOffset(): number {
    return this.#start;
  }

  get endOffset(): number {
    return this.#end;
  }

  /** Behind the last record that all in-sync replicas have: nobody reads past it. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Behind the last record of which it is known whether it counts. */
  get lastStableOffset(): number {
    return this.stableBefore(this.#highWatermark);
  }

  /** The same for a replica that knows of less. */
  stableBefore(highWatermark: number): number {
    return Math.min(highWatermark, this.transactions.firstUndecided(highWatermark));
  }

  get batches(): readonly StoredBatch[] {
    return this.#batches;
  }

  /** Appends a batch as a producer wrote it. */
  append(bytes: Buffer, leaderEpoch: number, rules: AppendRules): Appended {
    const head = readHead(bytes);
    if (head === undefined) return { kind: 'refused', code: ERROR.CORRUPT_MESSAGE };
    const refused = refusal(head, bytes, rules);
    if (refused !== undefined) return { kind: 'refused', code: refused };
    if (head.producerId >= 0) {
      const verdict = this.producers.check(head);
      if (verdict.kind === 'refused') return verdict;
      if (verdict.kind === 'known') {
        const { baseOffset, timestamp } = verdict.batch;
        return { kind: 'known', baseOffset, appendTime: timestamp };
      }
    }
    const now = Date.now();
    const baseOffset = this.#end;
    const stored = placed(bytes, { offset: baseOffset, leaderEpoch });
    if (rules.isAppendTime) stamp(stored, now);
    this.#put(readHead(stored) ?? head, stored, now);
    return { kind: 'appended', baseOffset, end: this.#end, appendTime: rules.isAppendTime ? now : -1 };
  }

  #put(head: BatchHead, bytes: Buffer, now: number): void {
    const baseOffset = this.#end;
    const lastOffset = baseOffset + head.lastOffsetDelta;
    this.#batches.push({ head, baseOffset, lastOffset, bytes, appendedAt: now });
    this.#end = lastOffset + 1;
    if (head.producerId >= 0) this.producers.appended(head, baseOffset);
    if (head.isTransactional) this.transactions.appended(head, baseOffset, bytes);
  }

  /** All in-sync replicas have what stands before this offset. */
  replicated(offset: number): void {
    this.#highWatermark = Math.max(this.#highWatermark, Math.min(offset, this.#end));
  }

  /** A new leader does not know as much. */
  holdBack(highWatermark: number): void {
    this.#highWatermark = Math.min(this.#highWatermark, highWatermark);
  }

  /** Forgets what no other replica had when the leader went. */
  truncate(end: number): void {
    const kept = this.#batches.filter(({ baseOffset }) => baseOffset < end);
    this.#rebuild(kept, kept.at(-1)?.lastOffset ?? this.#start - 1);
  }

  /** Removes records for good: by age, size or on demand. Batches go when all of their records may. */
  deleteBefore(offset: number): void {
    this.#start = Math.max(this.#start, Math.min(offset, this.#highWatermark));
    this.#batches = this.#batches.filter(({ lastOffset }) => lastOffset >= this.#start);
  }

  /** Puts other batches in the place of these; offsets stay where they are. */
  replace(batches: readonly StoredBatch[]): void {
    this.#batches = [...batches];
  }

  /**
   * The bytes from the batch that holds this offset on, up to a limit that may cut the last batch off. The first batch comes
   * whole where `atLeastOne`, and otherwise nothing does if it does not fit.
   */
  read(from: number, before: number, maxBytes: number, atLeastOne: boolean): Found {
    const found: Buffer[] = [];
    let size = 0;
    let end = from;
    for (let at = this.#indexOf(from); at < this.#batches.length; at += 1) {
      const batch = this.#batches[at];
      if (batch === undefined || batch.baseOffset >= before) break;
      const isFirst = found.length === 0;
      if (isFirst && batch.bytes.length > maxBytes && !atLeastOne) break;
      const room = maxBytes - size;
      if (!isFirst && room <= 0) break;
      const taken = isFirst || batch.bytes.length <= room ? batch.bytes : batch.bytes.subarray(0, room);
      found.push(taken);
      size += taken.length;
      end = batch.lastOffset + 1;
    }
    if (found.length === 0) return { bytes: NOTHING, end };
    return { bytes: Buffer.concat(found), end };
  }

  /** How many bytes could be read of it. */
  sizeBetween(from: number, before: number): number {
    let size = 0;
    for (let at = this.#indexOf(from); at < this.#batches.length; at += 1) {
      const batch = this.#batches[at];
      if (batch === undefined || batch.baseOffset >= before) break;
      size += batch.bytes.length;
    }
    return size;
  }

  /** The first batch that ends at this offset or behind it. */
  #indexOf(offset: number): number {
    let [low, high] = [0, this.#batches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#batches[middle]?.lastOffset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rebuild(batches: readonly StoredBatch[], lastOffset: number): void {
    this.#batches = [...batches];
    this.#end = lastOffset + 1;
    this.#highWatermark = Math.min(this.#highWatermark, this.#end);
    this.producers.clear();
    this.transactions.clear();
    for (const { head, baseOffset, bytes } of batches) {
      if (head.producerId >= 0) this.producers.appended(head, baseOffset);
      if (head.isTransactional) this.transactions.appended(head, baseOffset, bytes);
    }
  }
}

function refusal(head: BatchHead, bytes: Buffer, rules: AppendRules): number | undefined {
  if (head.count !== head.lastOffsetDelta + 1) return ERROR.INVALID_RECORD;
  if (bytes.length > rules.maxBatchBytes) return ERROR.MESSAGE_TOO_LARGE;
  if (!head.isControl && !rules.isAppendTime && head.maxTimestamp > Date.now() + rules.maxAheadMs)
    return ERROR.INVALID_TIMESTAMP;
  return undefined;
}
