import type { Headers, KafkaRecord } from '../../core/record.ts';
import type { FetchedMessage } from '../wire/batch-records.ts';
import { NO_VALUE, type FetchedBatch } from './internals.ts';

/** The records of a batch that a reader may see. */
export function recordsOf({ topic, partition, messages }: FetchedBatch): KafkaRecord[] {
  const readAt = performance.now();
  return messages.map(({ offset, timestamp, key, value, headers = {}, unreadable }) => ({
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    readAt,
    key,
    value,
    headers: writable(headers),
    ...(unreadable !== undefined && { unreadable }),
  }));
}

function writable(headers: NonNullable<FetchedMessage['headers']>): Headers {
  const written = (value: Buffer | null): Buffer => value ?? NO_VALUE;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.map(written) : written(value)]),
  );
}
