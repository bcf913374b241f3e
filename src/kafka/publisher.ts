import type { IHeaders, Kafka, Producer } from 'kafkajs';
import type { OutgoingRecord } from '../core/record.ts';
import type { Publish } from '../pipeline/ports.ts';
import { errorType } from './client.ts';

/** Why a broker refuses a record for ever, however often it is sent. */
const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/** Writes retry records, dead letters and outcomes: acknowledged by all in-sync replicas or not written. */
export interface Publisher {
  readonly publish: Publish;
  /** Connects ahead of the first record. */
  connect(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The producer is idempotent, so that its own retries write once. After a failed send it is discarded: kafkajs may use
 * its sequence number again, and the broker would take the next record for a copy of the failed one. A record for a
 * partition that its metadata does not know yet it leaves out without a word: an answer that names nothing is a failure.
 */
export function createPublisher(kafka: Kafka): Publisher {
  let current: Promise<Producer> | undefined;

  const producer = (): Promise<Producer> => (current ??= connected(kafka));
  const discard = async (): Promise<void> => {
    const failed = current;
    current = undefined;
    await failed?.then((old) => old.disconnect()).catch(() => undefined);
  };

  return {
    connect: async () => {
      await producer();
    },
    close: discard,
    publish: async (_target, record) => {
      const used = producer();
      try {
        const messages = [message(record)];
        const written = await (await used).send({ topic: record.topic, acks: -1, timeout: 10_000, messages });
        const offset = written[0]?.baseOffset;
        if (offset === undefined) throw new Error(`nothing was written: ${record.topic} lacks the record's partition`);
        return { offset: Number(offset) };
      } catch (error) {
        if (current === used) await discard();
        if (TOO_LARGE.includes(errorType(error) ?? '')) return 'too_large';
        throw error;
      }
    },
  };
}

async function connected(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    metadataMaxAge: 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
  });
  await producer.connect();
  return producer;
}

function message({ key, value, partition, headers }: OutgoingRecord) {
  return { key, value, ...(partition === undefined ? {} : { partition }), headers: headers as IHeaders };
}
