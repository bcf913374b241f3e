import type { CompressionTypes, IHeaders, Kafka, Producer } from 'kafkajs';
import type { OutgoingRecord } from '../../core/record.ts';
import { NotAllowed, type Publish, type Written } from '../../pipeline/ports.ts';
import { errorType } from '../kafkajs/errors.ts';
import { notAllowed } from '../kafkajs/remedies.ts';
import { COMPRESSIONS } from './compressions.ts';
import { byKey } from './partitioner.ts';

/** Why a broker refuses a batch for ever, however often it is sent. */
const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/** Writes retry records, dead letters and outcomes: acknowledged by all in-sync replicas or not written. */
export interface Publisher {
  readonly publish: Publish;
  /** Whether a copy or a letter for a partition number has not come to its end: it may be written yet. */
  readonly isWriting: (partition: number) => boolean;
  /** Connects ahead of the first record. */
  connect(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Records with a partition of their own, copies and letters, go through an idempotent producer, so that its own retries
 * write once, and one at a time for each partition. kafkajs gives a sequence number back when a request fails, and a
 * record that is waiting meanwhile takes it: where the failed request was written after all, the broker takes that record
 * for its copy, and says that it stands where the other one does. It is lost, and the other one is written twice.
 *
 * For the same reason a producer whose send has failed for good is used for nothing else. Outcomes, whose partition is
 * chosen by their key, have no sequence numbers, so that they need not wait for each other: after a fault of the brokers
 * one may stand twice, byte for byte.
 *
 * A record for a partition that its metadata does not know yet kafkajs leaves out without a word: an answer that names
 * nothing is a failure.
 */
export function createPublisher(kafka: Kafka): Publisher {
  const idempotent = producers(kafka, true);
  const plain = producers(kafka, false);
  const oneAtATime = queues();
  const underWay = new UnderWay();

  return {
    connect: async () => {
      await idempotent.use((producer) => Promise.resolve(producer));
    },
    close: async () => {
      await Promise.all([idempotent.close(), plain.close()]);
    },
    publish: (_target, record, mayWrite) => {
      const { topic, partition } = record;
      if (partition === undefined) return write(plain, record, mayWrite);
      return underWay.during(
        partition,
        oneAtATime(`${topic}:${partition}`, () => write(idempotent, record, mayWrite)),
      );
    },
    isWriting: (partition) => underWay.has(partition),
  };
}

async function write(producers: Producers, record: OutgoingRecord, mayWrite: () => void): Promise<Written> {
  mayWrite();
  return producers.use(async (producer) => {
    for (const compression of COMPRESSIONS) {
      const written = await writeOnce(producer, record, compression);
      if (written !== 'too_large') return written;
    }
    return 'too_large';
  });
}

/** What is too large for the broker is not written, and uses up no sequence number. */
async function writeOnce(producer: Producer, record: OutgoingRecord, compression: CompressionTypes): Promise<Written> {
  const { topic } = record;
  try {
    const messages = [message(record)];
    const [written] = await producer.send({ topic, acks: -1, timeout: 10_000, compression, messages });
    if (written?.baseOffset === undefined)
      throw new Error(`nothing was written: ${topic} lacks the record's partition`);
    return { offset: Number(written.baseOffset) };
  } catch (error) {
    const type = errorType(error) ?? '';
    if (TOO_LARGE.includes(type)) return 'too_large';
    if (type === 'TOPIC_AUTHORIZATION_FAILED') throw new NotAllowed(notAllowed(['WRITE'], topic), { cause: error });
    throw error;
  }
}

/** Runs tasks of one name one after the other, whatever comes of them. */
function queues(): <T>(name: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (name, task) => {
    const own = (last.get(name) ?? Promise.resolve()).then(task, task);
    last.set(name, own);
    const forget = (): void => {
      if (last.get(name) === own) last.delete(name);
    };
    own.then(forget, forget);
    return own;
  };
}

/** How many writes of each partition number have not come to their end. */
class UnderWay {
  readonly #counts = new Map<number, number>();

  has(partition: number): boolean {
    return this.#counts.has(partition);
  }

  async during<T>(partition: number, task: Promise<T>): Promise<T> {
    this.#counts.set(partition, (this.#counts.get(partition) ?? 0) + 1);
    try {
      return await task;
    } finally {
      const left = (this.#counts.get(partition) ?? 1) - 1;
      if (left > 0) this.#counts.set(partition, left);
      else this.#counts.delete(partition);
    }
  }
}

/** A producer that is replaced after its first failure. */
interface Producers {
  use<T>(task: (producer: Producer) => Promise<T>): Promise<T>;
  /** Waits for no use of it: what anybody waits for has been written. */
  close(): Promise<void>;
}

function producers(kafka: Kafka, idempotent: boolean): Producers {
  let current: { readonly producer: Promise<Producer>; readonly uses: Set<Promise<unknown>> } | undefined;

  const take = () => {
    const taken = current;
    current = undefined;
    return taken;
  };
  const end = async (old: typeof current): Promise<void> => {
    await old?.producer.then((producer) => producer.disconnect()).catch(() => undefined);
  };
  /** Others may still be sending with it: it ends when they have. */
  const discard = async (): Promise<void> => {
    const old = take();
    await Promise.allSettled(old?.uses ?? new Set());
    await end(old);
  };

  return {
    close: () => end(take()),
    use: async (task) => {
      const used = (current ??= { producer: connected(kafka, idempotent), uses: new Set() });
      const use = used.producer.then(task);
      used.uses.add(use);
      try {
        return await use;
      } catch (error) {
        if (current === used) void discard();
        throw error;
      } finally {
        used.uses.delete(use);
      }
    },
  };
}

async function connected(kafka: Kafka, idempotent: boolean): Promise<Producer> {
  const producer = kafka.producer({
    idempotent,
    ...(idempotent && { maxInFlightRequests: 1 }),
    createPartitioner: byKey,
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
