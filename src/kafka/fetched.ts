import type { Headers, KafkaRecord } from '../core/record.ts';
import { NO_VALUE, type FetchedBatch, type FetchedMessage } from './kafkajs-internals.ts';

/** The records of a batch that a reader may see. */
export function recordsOf({ topic, partition, messages }: FetchedBatch): KafkaRecord[] {
  return messages.map(({ offset, timestamp, key, value, headers = {} }) => ({
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: sound(headers),
  }));
}

/**
 * The headers that were really written: kafkajs mixes a name such as `constructor` with what every object has of that
 * name.
 */
function sound(headers: NonNullable<FetchedMessage['headers']>): Headers {
  const written = (value: unknown): Buffer[] => (Buffer.isBuffer(value) ? [value] : value === null ? [NO_VALUE] : []);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const [first, ...others] = (Array.isArray(value) ? value : [value]).flatMap(written);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  ) as Headers;
}
