import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Headers } from '../../src/core/record.ts';
import { scan } from '../../src/inspect/scan.ts';
import type { Unread } from '../../src/inspect/unread.ts';
import { NO_VALUE } from '../../src/kafka/kafkajs/patches/headers-without-value.ts';
import { openReader } from '../../src/kafka/kafkajs/reader.ts';

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
const PAUSE_MS = 50;

/** Everything a topic holds now, partition by partition in order; nothing where there is none of its name. */
export async function readTopic(kafka: Kafka, topic: string): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  await scanTopic(kafka, topic, (record) => records.push(record));
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/**
 * Visits what a topic holds now from these positions on, each partition in order, and moves the positions along. Waits for the
 * end of transactions that are open.
 */
export async function scanTopic(
  kafka: Kafka,
  topic: string,
  visit: (record: StoredRecord) => void,
  positions: Positions = new Map(),
): Promise<void> {
  const reader = await openReader(kafka);
  const signal = AbortSignal.timeout(READ_LIMIT_MS);
  try {
    for (let left = await readOn(); left.length > 0; left = await readOn()) {
      if (signal.aborted) throw new Error(`${topic} was not read in time: ${JSON.stringify(left)}`);
      await sleep(PAUSE_MS);
    }
  } finally {
    await reader.close();
  }

  async function readOn(): Promise<Unread[]> {
    const [layout] = await reader.layouts([topic]);
    if (layout?.error === 'UNKNOWN_TOPIC_OR_PARTITION') return [];
    const unread = await scan(reader, {
      topics: (layout?.partitions ?? []).map(({ partition }) => {
        return { topic, partitions: [partition], from: { offset: positions.get(partition) ?? 0 } };
      }),
      wants: () => true,
      visit: ({ partition, offset, timestamp, key, value, headers }) => {
        positions.set(partition, offset + 1);
        visit({ partition, offset, timestamp, key, value, ...headersOf(headers) });
      },
      signal,
    });
    // Tests write batches that nobody can read, on purpose.
    return unread.filter(({ why }) => !why.includes('cannot be read'));
  }
}

function headersOf(headers: Headers): Pick<StoredRecord, 'headers' | 'text' | 'values'> {
  const values = valuesByName(headers);
  const plain = Object.fromEntries(Object.entries(values).map(([name, [value]]) => [name, value ?? Buffer.alloc(0)]));
  const text = Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, value.toString()]));
  return { headers: plain, text, values };
}

function valuesByName(headers: Headers): Record<string, (Buffer | null)[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      [value].flat().map((one) => (one === undefined || one === NO_VALUE ? null : Buffer.from(one))),
    ]),
  );
}
