import type { Headers, KafkaRecord } from '../../core/record.ts';
import { traceContextOf } from '../../core/trace-context.ts';
import type { FetchedMessage } from '../wire/batch-records.ts';
import { NO_VALUE } from './patches/headers-without-value.ts';
import type { FetchedBatch, FetchedPartition } from './types.ts';

/** The isolation level of a fetch that ends where transactions are open. */
export const READ_COMMITTED = 1;

/** The one of a fetch that does not, and tells nobody which transactions were aborted. */
export const READ_UNCOMMITTED = 0;

/** What was fetched of one partition. @param fetchedOffset from where on it was asked for */
export function fetchedBatch(
  topic: string,
  fetchedOffset: string,
  { partition, highWatermark, lastStableOffset, messages: rawMessages }: FetchedPartition,
): FetchedBatch {
  const isHidden = rawMessages.some(({ isControlRecord }) => isControlRecord);
  return {
    ...{ topic, partition, fetchedOffset, highWatermark, lastStableOffset, rawMessages },
    messages: isHidden ? rawMessages.filter(({ isControlRecord }) => !isControlRecord) : rawMessages,
  };
}

/** The offset behind what was fetched; where it was asked for, if that was nothing. */
export function endOfBatch({ fetchedOffset, rawMessages }: FetchedBatch): number {
  const last = rawMessages.at(-1);
  return last === undefined ? Number(fetchedOffset) : Number(last.offset) + 1;
}

/** A record before anything is made of its bytes. */
export type RawRecord = Pick<FetchedMessage, 'offset' | 'key' | 'value' | 'headers'>;

/** The records of a batch that a reader may see. */
export function recordsOf({ topic, partition, messages }: FetchedBatch): KafkaRecord[] {
  const readAt = performance.now();
  return messages.map((message) => recordOf(topic, partition, message, readAt));
}

/** Where a batch holds what no reader may see: records of aborted transactions, and marks of theirs. */
export function hiddenOffsets({ rawMessages }: FetchedBatch): number[] {
  return rawMessages.filter(({ isControlRecord }) => isControlRecord).map(({ offset }) => Number(offset));
}

/** @param readAt as in `KafkaRecord` */
export function recordOf(
  topic: string,
  partition: number,
  { offset, timestamp, key, value, headers = {}, unreadable }: FetchedMessage,
  readAt = performance.now(),
): KafkaRecord {
  const kept = writable(headers);
  const trace = traceContextOf(kept);
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    readAt,
    key,
    value,
    headers: kept,
    ...(trace !== undefined && { trace }),
    ...(unreadable !== undefined && { unreadable }),
  };
}

function writable(headers: NonNullable<FetchedMessage['headers']>): Headers {
  const written = (value: Buffer | null): Buffer => value ?? NO_VALUE;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.map(written) : written(value)]),
  );
}
