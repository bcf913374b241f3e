import { randomUUID } from 'node:crypto';
import type { IHeaders, Kafka } from 'kafkajs';
// Reads batches as the service does.
import '../../src/kafka/kafkajs/patched.ts';

/** A record as it stands in a topic. */
export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
  /** The headers as text. */
  readonly text: Readonly<Record<string, string>>;
  /** Every value of each header name, in order; a header may come without a value. */
  readonly values: Readonly<Record<string, readonly (Buffer | null)[]>>;
}

/** How far each partition of a topic was read. */
export type Positions = Map<number, number>;

const READ_LIMIT_MS = 60_000;

/** Everything a topic holds now, partition by partition in order. */
export async function readTopic(kafka: Kafka, topic: string): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  await scanTopic(kafka, topic, (record) => records.push(record));
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** Visits what a topic holds now from these positions on, each partition in order, and moves the positions along. */
export async function scanTopic(
  kafka: Kafka,
  topic: string,
  visit: (record: StoredRecord) => void,
  positions: Positions = new Map(),
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  const waiting = new Map<number, number>();
  for (const { partition, low, high } of ends) {
    const from = Math.max(Number(low), positions.get(partition) ?? 0);
    positions.set(partition, from);
    if (Number(high) > from) waiting.set(partition, Number(high));
  }
  if (waiting.size === 0) return;

  const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const read = new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${topic} was not read in time`)), READ_LIMIT_MS);
    consumer.on('consumer.crash', ({ payload: { restart, error } }) => !restart && reject(error));
    consumer.on('consumer.disconnect', () => clearTimeout(late));
    void consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        const { partition, messages } = batch;
        for (const { offset, timestamp, key, value, headers = {} } of messages) {
          // After a seek, what was under way from another position still arrives.
          if (Number(offset) < (positions.get(partition) ?? 0)) continue;
          positions.set(partition, Number(offset) + 1);
          visit({ partition, offset: Number(offset), timestamp: Number(timestamp), key, value, ...headersOf(headers) });
        }
        if (Number(batch.lastOffset()) + 1 >= (waiting.get(partition) ?? 0)) waiting.delete(partition);
        if (waiting.size === 0) resolve();
        return Promise.resolve();
      },
    });
    for (const [partition, offset] of positions) consumer.seek({ topic, partition, offset: String(offset) });
  });
  await read.finally(() => consumer.disconnect());
}

function headersOf(headers: IHeaders): Pick<StoredRecord, 'headers' | 'text' | 'values'> {
  const values = valuesByName(headers);
  const plain = Object.fromEntries(Object.entries(values).map(([name, [value]]) => [name, value ?? Buffer.alloc(0)]));
  const text = Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, value.toString()]));
  return { headers: plain, text, values };
}

function valuesByName(headers: IHeaders): Record<string, (Buffer | null)[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]: [string, unknown]) => [
      name,
      [value].flat().map((one) => (one instanceof Buffer || typeof one === 'string' ? Buffer.from(one) : null)),
    ]),
  );
}
