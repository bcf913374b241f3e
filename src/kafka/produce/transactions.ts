import type { Kafka, Producer } from 'kafkajs';
import { CLOSING_TIMEOUT_MS } from '../../core/closing-transactions.ts';
import type { OutgoingRecord } from '../../core/record.ts';

/** Writes records all or none, under an id that one writer has at a time. */
export interface Transactions {
  /**
   * Takes the id: what its last holder left open is ended now, and that one writes nothing any more. When this resolves,
   * everything that was committed under the id can be read.
   */
  begin(): Promise<void>;
  /**
   * Writes these records in one transaction. Where it throws, they stand there all or not at all, and only after another
   * `begin` can it be read which.
   */
  write(records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * kafkajs gives sequence numbers of a failed request back, for other records to take them; so after any failure the
 * producer is used for nothing else. What it left out without a word, records for a partition that its metadata does not
 * know or whose leader has moved meanwhile, is a failure too.
 */
export function createTransactions(kafka: Kafka, transactionalId: string): Transactions {
  let producer: Producer | undefined;
  const discard = async (): Promise<void> => {
    const old = producer;
    producer = undefined;
    await old?.disconnect().catch(() => undefined);
  };
  return {
    begin: async () => {
      await discard();
      producer = kafka.producer({
        ...{ transactionalId, idempotent: true, maxInFlightRequests: 1, transactionTimeout: CLOSING_TIMEOUT_MS },
        ...{ allowAutoTopicCreation: false, retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 10 } },
      });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.abort();
    },
    write: async (records) => {
      if (producer === undefined) throw new Error('nothing is written before begin');
      const transaction = await producer.transaction();
      try {
        const written = await transaction.sendBatch({
          acks: -1,
          timeout: CLOSING_TIMEOUT_MS,
          topicMessages: byTopic(records),
        });
        const places = new Set(written.map(({ topicName, partition }) => `${topicName}:${partition}`));
        const missing = records.find(({ topic, partition }) => !places.has(`${topic}:${partition ?? ''}`));
        if (missing !== undefined)
          throw new Error(`nothing was written to ${missing.topic}:${missing.partition ?? ''}`);
        await transaction.commit();
      } catch (error) {
        await transaction.abort().catch(() => undefined);
        await discard();
        throw error;
      }
    },
    close: discard,
  };
}

function byTopic(records: readonly OutgoingRecord[]) {
  const topics = [...new Set(records.map(({ topic }) => topic))];
  return topics.map((topic) => ({
    topic,
    messages: records
      .filter((record) => record.topic === topic)
      .map(({ key, value, partition, headers }) => ({
        ...{ key, value, headers: headers },
        ...(partition !== undefined && { partition }),
      })),
  }));
}
