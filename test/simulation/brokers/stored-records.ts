import zlib from 'node:zlib';
import { readRecords, type FetchedMessage } from '../../../src/kafka/wire/batch-records.ts';
import { bodyOf } from './batch.ts';
import type { Log, StoredBatch } from './log.ts';

/** A record as it stands in a partition. */
export interface StoredRecord {
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: NonNullable<FetchedMessage['headers']>;
  /** -1 where its writer had none. */
  readonly producerId: number;
  readonly transaction: 'none' | 'open' | 'committed' | 'aborted';
}

/** Every record that a partition holds from an offset on, those of aborted and open transactions too, but no markers. */
export function storedRecords(log: Log, from = 0): StoredRecord[] {
  return log.batches
    .filter(({ head, lastOffset }) => !head.isControl && lastOffset >= from)
    .flatMap((batch) => {
      const { head } = batch;
      return recordsOf(batch).map(({ offset, timestamp, key, value, headers = {} }): StoredRecord => ({
        ...{ offset: Number(offset), timestamp: Number(timestamp), key, value, headers, producerId: head.producerId },
        transaction: head.isTransactional ? log.transactions.stateOf(head.producerId, Number(offset)) : 'none',
      }));
    })
    .filter(({ offset }) => offset >= Math.max(from, log.startOffset));
}

const ALL = { from: 0, records: Infinity, bytes: Infinity };

const read = new WeakMap<StoredBatch, readonly FetchedMessage[]>();

/** The records of one batch, whatever they are; taken apart once. */
export function recordsOf(batch: StoredBatch): readonly FetchedMessage[] {
  const records = read.get(batch) ?? readBatch(batch);
  read.set(batch, records);
  return records;
}

function readBatch({ bytes, baseOffset, lastOffset, head }: StoredBatch): readonly FetchedMessage[] {
  const place = { firstOffset: baseOffset, lastOffset, count: head.count, firstTimestamp: head.baseTimestamp };
  const times = head.isAppendTime ? { ...place, appendedAt: head.maxTimestamp } : place;
  return readRecords(decompressed(head.compression, bodyOf(bytes)), times, ALL).records;
}

/** Node has it from 22.15 on. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Buffer) => Buffer };

function decompressed(codec: number, bytes: Buffer): Buffer {
  if (codec === 0) return bytes;
  if (codec === 1) return zlib.gunzipSync(bytes);
  if (codec === 4 && zstdDecompressSync !== undefined) return zstdDecompressSync(bytes);
  throw new Error(`records compressed in a way that is not read here: ${codec}`);
}
