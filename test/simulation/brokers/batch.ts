import { crc32c } from '../../../src/kafka/wire/crc32c.ts';

/** Where the fields of a record batch (magic 2) stand. */
const AT = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

const ATTRIBUTE = { compression: 0x07, appendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

/** Who wrote a batch, and which of its batches it is; -1 stands for nobody in particular. */
export interface Writer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** What a batch says of itself, before its records. */
export interface BatchHead extends Writer {
  readonly baseOffset: number;
  readonly count: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly compression: number;
  readonly isAppendTime: boolean;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
}

/** The head of the only batch in these bytes; `undefined` where they are not one whole, undamaged batch. */
export function readHead(bytes: Buffer): BatchHead | undefined {
  if (bytes.length < AT.records || bytes.readInt8(AT.magic) !== 2) return undefined;
  if (bytes.readInt32BE(AT.length) + AT.leaderEpoch !== bytes.length) return undefined;
  if (bytes.readUInt32BE(AT.crc) !== crc32c(bytes.subarray(AT.attributes))) return undefined;
  const attributes = bytes.readInt16BE(AT.attributes);
  return {
    baseOffset: Number(bytes.readBigInt64BE(AT.baseOffset)),
    count: bytes.readInt32BE(AT.count),
    lastOffsetDelta: bytes.readInt32BE(AT.lastOffsetDelta),
    baseTimestamp: Number(bytes.readBigInt64BE(AT.baseTimestamp)),
    maxTimestamp: Number(bytes.readBigInt64BE(AT.maxTimestamp)),
    producerId: Number(bytes.readBigInt64BE(AT.producerId)),
    producerEpoch: bytes.readInt16BE(AT.producerEpoch),
    baseSequence: bytes.readInt32BE(AT.baseSequence),
    compression: attributes & ATTRIBUTE.compression,
    isAppendTime: (attributes & ATTRIBUTE.appendTime) !== 0,
    isTransactional: (attributes & ATTRIBUTE.transactional) !== 0,
    isControl: (attributes & ATTRIBUTE.control) !== 0,
  };
}

/** The part behind a batch's head, as it was written: compressed, where the head says so. */
export function bodyOf(bytes: Buffer): Buffer {
  return bytes.subarray(AT.records);
}

/** A copy of the batch in its place in a log. */
export function placed(bytes: Buffer, place: { readonly offset: number; readonly leaderEpoch: number }): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeBigInt64BE(BigInt(place.offset), AT.baseOffset);
  copy.writeInt32BE(place.leaderEpoch, AT.leaderEpoch);
  return copy;
}

/** Stamps a batch with the time at which its broker appended it. */
export function stamp(batch: Buffer, now: number): void {
  batch.writeInt16BE(batch.readInt16BE(AT.attributes) | ATTRIBUTE.appendTime, AT.attributes);
  batch.writeBigInt64BE(BigInt(now), AT.maxTimestamp);
  batch.writeUInt32BE(crc32c(batch.subarray(AT.attributes)), AT.crc);
}

/** A record before it is written. */
export interface NewRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer | null])[];
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** Its distance from the batch's first offset, where records between them are gone. */
  readonly delta?: number;
}

export interface NewBatch {
  readonly records: readonly NewRecord[];
  readonly writer?: Writer;
  readonly kind?: 'plain' | 'transactional' | 'marker';
  /** The distance from the first to the last offset, where the last records are gone. */
  readonly lastOffsetDelta?: number;
}

export const NOBODY: Writer = { producerId: -1, producerEpoch: -1, baseSequence: -1 };

/** A batch, not compressed, at offset 0. */
export function makeBatch({ records, writer = NOBODY, kind = 'plain', ...rest }: NewBatch): Buffer {
  const times = records.map(({ timestamp }) => timestamp);
  const base = times[0] ?? 0;
  const parts = records.map((record, at) => recordBytes(record, record.delta ?? at, record.timestamp - base));
  const batch = Buffer.concat([Buffer.alloc(AT.records), ...parts]);
  batch.writeInt32BE(batch.length - AT.leaderEpoch, AT.length);
  batch.writeInt8(2, AT.magic);
  batch.writeInt16BE(KIND[kind], AT.attributes);
  batch.writeInt32BE(rest.lastOffsetDelta ?? records.length - 1, AT.lastOffsetDelta);
  batch.writeBigInt64BE(BigInt(base), AT.baseTimestamp);
  batch.writeBigInt64BE(BigInt(Math.max(...times)), AT.maxTimestamp);
  batch.writeBigInt64BE(BigInt(writer.producerId), AT.producerId);
  batch.writeInt16BE(writer.producerEpoch, AT.producerEpoch);
  batch.writeInt32BE(writer.baseSequence, AT.baseSequence);
  batch.writeInt32BE(records.length, AT.count);
  batch.writeUInt32BE(crc32c(batch.subarray(AT.attributes)), AT.crc);
  return batch;
}

const KIND = { plain: 0, transactional: ATTRIBUTE.transactional, marker: ATTRIBUTE.transactional | ATTRIBUTE.control };

function recordBytes({ key, value, headers = [] }: NewRecord, delta: number, time: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(time),
    varint(delta),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, text]) => [sized(Buffer.from(name)), sized(text)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

/** Seven bits a byte, the lowest first; even numbers stand for 0 and above, odd ones for those below. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}

/** How a transaction ended, as it stands in each partition that it wrote to. */
export function makeMarker(writer: Omit<Writer, 'baseSequence'>, committed: boolean, now: number): Buffer {
  const key = Buffer.from([0, 0, 0, committed ? 1 : 0]);
  const value = Buffer.alloc(6);
  return makeBatch({
    records: [{ key, value, timestamp: now }],
    writer: { ...writer, baseSequence: -1 },
    kind: 'marker',
  });
}
