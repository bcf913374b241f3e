import { createRequire } from 'node:module';

/** kafkajs' own way of writing a batch. */
const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => object;
const crc32C = require('kafkajs/src/protocol/recordBatch/crc32C/crc32C.js') as (bytes: Buffer) => number;

/** A record to be written; its place in the batch where `delta` is absent. */
export interface PlainRecord {
  readonly delta?: number;
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | Buffer[]>>;
}

export interface BatchOptions {
  readonly compression?: number;
  /** Where it is not that of the last record. */
  readonly lastDelta?: number;
  readonly timestamp?: number;
  /** A transaction's. */
  readonly producer?: number;
}

/** A batch as brokers keep it and hand it out. */
export async function batchOf(
  firstOffset: number,
  records: readonly (PlainRecord | string)[],
  { compression = 0, lastDelta, timestamp = 1_700_000_000_000, producer }: BatchOptions = {},
): Promise<Buffer> {
  const plain = records.map((record, at) => ({
    delta: at,
    ...(typeof record === 'string' ? { key: Buffer.from(record), value: Buffer.from(`of ${record}`) } : record),
  }));
  const { buffer } = await RecordBatch({
    compression,
    firstOffset: String(firstOffset),
    firstTimestamp: timestamp,
    maxTimestamp: timestamp + 999,
    producerId: String(producer ?? -1),
    transactional: producer !== undefined,
    lastOffsetDelta: lastDelta ?? plain.at(-1)?.delta ?? 0,
    records: plain.map(({ delta, key = null, value = null, headers = {} }) =>
      encodeRecord({ offsetDelta: delta, timestampDelta: delta, key, value, headers }),
    ),
  });
  return buffer;
}

/** The end of a producer's transaction. */
export async function markerOf(offset: number, producer: number, end: 'abort' | 'commit'): Promise<Buffer> {
  const key = Buffer.from([0, 0, 0, end === 'abort' ? 0 : 1]);
  const batch = await batchOf(offset, [{ key, value: Buffer.alloc(6) }], { producer });
  return summed(batch, (bytes) => bytes.writeInt16BE(0x30, 21));
}

/** The batch changed, with the checksum that it has then. */
export function summed(batch: Buffer, change: (bytes: Buffer) => void): Buffer {
  const changed = Buffer.from(batch);
  change(changed);
  changed.writeUInt32BE(crc32C(changed.subarray(21)), 17);
  return changed;
}

/** The batch with other bytes for records, with the length and the checksum that it has then. */
export function withBody(batch: Buffer, body: Buffer): Buffer {
  return summed(Buffer.concat([batch.subarray(0, 61), body]), (bytes) => bytes.writeInt32BE(bytes.length - 12, 8));
}
