import { randomUUID } from 'node:crypto';
import type { IHeaders, Kafka } from 'kafkajs';
import { registerCodecs } from '../../src/kafka/codecs.ts';

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

/** Everything a topic holds now, partition by partition in order. */
export async function readTopic(kafka: Kafka, topic: string): Promise<StoredRecord[]> {
  registerCodecs();
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const waiting = new Map(
    ends.filter(({ low, high }) => Number(high) > Number(low)).map(({ partition, high }) => [partition, Number(high)]),
  );
  const records: StoredRecord[] = [];
  if (waiting.size === 0) return records;

  const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    void consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        for (const { offset, timestamp, key, value, headers = {} } of batch.messages) {
          const values = valuesByName(headers);
          const plain = Object.fromEntries(
            Object.entries(values).map(([name, [value]]) => [name, value ?? Buffer.alloc(0)]),
          );
          const text = Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, value.toString()]));
          records.push({
            partition: batch.partition,
            offset: Number(offset),
            timestamp: Number(timestamp),
            key,
            value,
            headers: plain,
            text,
            values,
          });
        }
        if (Number(batch.lastOffset()) + 1 >= (waiting.get(batch.partition) ?? 0)) waiting.delete(batch.partition);
        if (waiting.size === 0) resolve();
        return Promise.resolve();
      },
    });
  });
  await consumer.disconnect();
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

function valuesByName(headers: IHeaders): Record<string, (Buffer | null)[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]: [string, unknown]) => [
      name,
      [value].flat().map((one) => (one instanceof Buffer || typeof one === 'string' ? Buffer.from(one) : null)),
    ]),
  );
}
