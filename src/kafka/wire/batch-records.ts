import type { Unreadable } from '../../core/record.ts';

/** A record as kafkajs hands it on: offsets and times are decimal text. */
export interface FetchedMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The values of a repeated name stand in their order; a header may come without one. */
  readonly headers?: Readonly<Record<string, Buffer | null | (Buffer | null)[]>>;
  /** Why nothing but its place is known of it. */
  readonly unreadable?: Unreadable;
}

/** What the records of a batch have in common. */
export interface BatchHead {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** As the batch says; the records themselves are to be as many. */
  readonly count: number;
  /** Epoch milliseconds, as is `appendedAt`, which counts instead where it is there. */
  readonly firstTimestamp: number;
  readonly appendedAt?: number;
}

/** Which records of a batch are wanted, and how much of them at most; there is always one. */
export interface Window {
  readonly from: number;
  readonly records: number;
  readonly bytes: number;
}

/** Some records of a batch; `whole` where they are all that were wanted. */
export interface Piece {
  readonly records: readonly FetchedMessage[];
  readonly bytes: number;
  readonly whole: boolean;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** Records that are copied together: what the last of them to wait keeps beside itself. */
const COPIED_BYTES = 16_384;

/**
 * Takes records out of the bytes of a batch, decompressed. Throws where they are not what the head says.
 *
 * Records wait for as long as their lane does, and would keep all of what they are views of: a whole answer of a broker.
 * So they are views of copies, some neighbours together, but for one that is most of what it would keep.
 */
export function readRecords(bytes: Buffer, head: BatchHead, window: Window): Piece {
  const places: Place[] = [];
  const reader = new Reader(bytes);
  let taken = 0;
  let before = head.firstOffset - 1;
  let whole = true;
  for (let number = 0; number < head.count; number += 1) {
    const length = reader.varint();
    const start = reader.at;
    reader.int8();
    reader.varint();
    const offset = head.firstOffset + reader.varint();
    if (offset <= before || offset > head.lastOffset) throw new Error(`offset ${offset} out of place`);
    before = offset;
    reader.moveTo(start, length);
    if (offset < window.from) continue;
    if (places.length > 0 && (places.length >= window.records || taken + length > window.bytes)) {
      whole = false;
      break;
    }
    places.push({ start, end: reader.at });
    taken += length;
  }
  return { records: keptApart(bytes, places).map((record) => readRecord(record, head)), bytes: taken, whole };
}

/** The bytes of each record, in memory of which little else is. */
function keptApart(bytes: Buffer, places: readonly Place[]): Buffer[] {
  const kept: Buffer[] = [];
  for (let from = 0; from < places.length;) {
    const start = places[from]?.start ?? 0;
    let to = from + 1;
    while (to < places.length && (places[to]?.end ?? 0) - start <= COPIED_BYTES) to += 1;
    const end = places[to - 1]?.end ?? start;
    const together =
      (end - start) * 2 < bytes.buffer.byteLength ? copyOf(bytes.subarray(start, end)) : bytes.subarray(start, end);
    for (const place of places.slice(from, to)) kept.push(together.subarray(place.start - start, place.end - start));
    from = to;
  }
  return kept;
}

/** Not from the pool that Node cuts small buffers from. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function readRecord(bytes: Buffer, head: BatchHead): FetchedMessage {
  const reader = new Reader(bytes);
  reader.int8();
  const timestamp = String(head.appendedAt ?? head.firstTimestamp + reader.varint());
  if (head.appendedAt !== undefined) reader.varint();
  const offset = String(head.firstOffset + reader.varint());
  const [key, value] = [reader.bytes(), reader.bytes()];
  // Without a prototype: a header may be named like a member of every object.
  const headers = Object.create(null) as Record<string, Buffer | null | (Buffer | null)[]>;
  for (let unread = reader.varint(); unread > 0; unread -= 1) {
    const name = (reader.bytes() ?? Buffer.alloc(0)).toString();
    const [one, others] = [reader.bytes(), headers[name]];
    if (others === undefined) headers[name] = one;
    else if (Array.isArray(others)) others.push(one);
    else headers[name] = [others, one];
  }
  if (reader.at !== bytes.length) throw new Error('a record ends before its end');
  return { offset, timestamp, key, value, headers };
}

/** Reads bytes one after the other; throws behind their end. */
class Reader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  moveTo(start: number, length: number): void {
    if (start + length < this.at || start + length > this.#bytes.length) throw new Error('cut off');
    this.at = start + length;
  }

  int8(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new Error('cut off');
    this.at += 1;
    return byte;
  }

  /** Seven bits a byte, the lowest first; even numbers stand for 0 and above, odd ones for those below. */
  varint(): number {
    let value = 0;
    for (let unit = 1; unit <= 2 ** 63; unit *= 128) {
      const byte = this.int8();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new Error('a number without end');
  }

  bytes(): Buffer | null {
    const length = this.varint();
    if (length === -1) return null;
    const start = this.at;
    this.moveTo(start, length);
    return this.#bytes.subarray(start, this.at);
  }
}
