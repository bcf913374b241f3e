import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import avro, { type Schema } from 'avsc';
import type { Admin, IHeaders, Kafka, KafkaMessage } from 'kafkajs';

const READ_LIMIT_MS = 30_000;
const FRAME_BYTES = 5;

const schemaText = readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8');
const eventType = avro.Type.forSchema(JSON.parse(schemaText) as Schema);

/** A record of the source topic. */
export interface Written {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** The payment of the event; of bytes that are none, the key. */
  readonly name: string;
  /** Epoch milliseconds, as are all times here. */
  readonly at: number;
}

/** A request as the gateway recorded it; the names are those of the simulator's record. */
export interface SeenRequest {
  readonly seq: number;
  readonly at: number;
  readonly answeredAt?: number;
  readonly paymentId: string;
  readonly attempt: number;
  readonly answered: string;
  readonly verification: string;
  readonly bodySha256: string;
}

/** A record of the dead-letter topic; `origin` is `partition:offset` of the source. */
export interface Letter {
  readonly origin: string;
  readonly reason: string;
  readonly detail: string;
  readonly at: number;
}

/** A record of a retry topic. */
export interface ParkedCopy {
  readonly origin: string;
  readonly tier: string;
  /** Requests that had been sent when it was parked. */
  readonly attempts: number;
  readonly notBefore: number;
  /** Why it was parked. */
  readonly reason: string;
  /** Of the body it carries; absent where it carries none. */
  readonly bodySha256?: string;
  /** Its offset is not committed. */
  readonly waiting: boolean;
}

/** Everything the judgement rests on. */
export interface Evidence {
  readonly written: readonly Written[];
  readonly requests: readonly SeenRequest[];
  readonly letters: readonly Letter[];
  readonly parked: readonly ParkedCopy[];
  /** Committed offset of each partition of the source topic. */
  readonly committed: ReadonlyMap<number, number>;
}

type Stored = KafkaMessage & { readonly topic: string; readonly partition: number };

/** Which part of a cluster is the demo's. */
export interface Scope {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly source: string;
  readonly group: string;
}

/** The topics of the demo that exist: the source, its retry tiers, its dead letters. */
export async function demoTopics({ admin, source }: Scope): Promise<string[]> {
  const topics = await admin.listTopics();
  return topics.filter((topic) => topic === source || topic.startsWith(`${source}.`));
}

/** How many records of source and retry topics are not committed. */
export async function uncommitted(scope: Scope): Promise<number> {
  const topics = (await demoTopics(scope)).filter((topic) => !isDeadLetters(scope, topic));
  const committed = await committedOffsets(scope, topics);
  let count = 0;
  for (const topic of topics) {
    for (const { partition, high, low } of await scope.admin.fetchTopicOffsets(topic)) {
      count += Number(high) - Math.max(Number(low), committed.get(`${topic}:${partition}`) ?? 0);
    }
  }
  return count;
}

/** Reads everything that stands in the demo's topics, and what is committed of it. */
export async function readEvidence(scope: Scope): Promise<Omit<Evidence, 'requests'>> {
  const topics = await demoTopics(scope);
  const stored = await readAll(scope, topics);
  const committed = await committedOffsets(scope, topics);
  const isCommitted = ({ topic, partition, offset }: Stored): boolean =>
    Number(offset) < (committed.get(`${topic}:${partition}`) ?? 0);
  const retryPrefix = `${scope.source}.retry.`;
  return {
    written: stored.filter(({ topic }) => topic === scope.source).map(written),
    letters: stored.filter(({ topic }) => isDeadLetters(scope, topic)).map(letter),
    parked: stored
      .filter(({ topic }) => topic.startsWith(retryPrefix))
      .map((record) => parkedCopy(record, record.topic.slice(retryPrefix.length), !isCommitted(record))),
    committed: new Map(
      [...committed]
        .filter(([name]) => name.startsWith(`${scope.source}:`))
        .map(([name, offset]) => [Number(name.slice(scope.source.length + 1)), offset]),
    ),
  };
}

function isDeadLetters({ source }: Scope, topic: string): boolean {
  return topic === `${source}.dead-letter`;
}

/** As the headers of retry and dead-letter records name it. */
export function originOf({ partition, offset }: Pick<Written, 'partition' | 'offset'>): string {
  return `${partition}:${offset}`;
}

function written({ partition, offset, key: keyBytes, value, timestamp }: Stored): Written {
  const key = keyBytes?.toString() ?? '';
  return { partition, offset: Number(offset), key, name: paymentIn(value) ?? key, at: Number(timestamp) };
}

function paymentIn(value: Buffer | null): string | undefined {
  if (value?.[0] !== 0) return undefined;
  try {
    return (eventType.fromBuffer(value.subarray(FRAME_BYTES)) as { paymentId: string }).paymentId;
  } catch {
    return undefined;
  }
}

function letter({ headers, timestamp }: Stored): Letter {
  return {
    origin: originIn(headers),
    reason: headerText(headers, 'dead-letter-reason'),
    detail: headerText(headers, 'reason'),
    at: Number(timestamp),
  };
}

function parkedCopy({ headers }: Stored, tier: string, waiting: boolean): ParkedCopy {
  const body = headers?.['notifier-body'];
  return {
    origin: originIn(headers),
    tier,
    attempts: Number(headerText(headers, 'attempts')),
    notBefore: Number(headerText(headers, 'not-before')),
    reason: headerText(headers, 'reason'),
    ...(Buffer.isBuffer(body) && { bodySha256: createHash('sha256').update(body).digest('hex') }),
    waiting,
  };
}

function originIn(headers: IHeaders | undefined): string {
  return `${headerText(headers, 'origin-partition')}:${headerText(headers, 'origin-offset')}`;
}

function headerText(headers: IHeaders | undefined, name: string): string {
  const value = headers?.[`notifier-${name}`];
  return Buffer.isBuffer(value) ? value.toString() : '';
}

/** By `topic:partition`; partitions without a commit are absent. */
async function committedOffsets({ admin, group }: Scope, topics: string[]): Promise<Map<string, number>> {
  const found = await admin.fetchOffsets({ groupId: group, topics });
  return new Map(
    found.flatMap(({ topic, partitions }) =>
      partitions
        .filter(({ offset }) => Number(offset) >= 0)
        .map(({ partition, offset }): [string, number] => [`${topic}:${partition}`, Number(offset)]),
    ),
  );
}

async function readAll({ kafka, admin }: Scope, topics: string[]): Promise<Stored[]> {
  const missing = new Map<string, number>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (Number(high) > Number(low)) missing.set(`${topic}:${partition}`, Number(high));
    }
  }
  const stored: Stored[] = [];
  if (missing.size === 0) return stored;
  const groupId = `demo-reader-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('The topics could not be read in 30 s.')), READ_LIMIT_MS);
      const done = (): void => {
        clearTimeout(limit);
        resolve();
      };
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
      const running = consumer.run({
        autoCommit: false,
        eachBatch: ({ batch: { topic, partition, messages } }) => {
          stored.push(...messages.map((message) => ({ ...message, topic, partition })));
          const next = Number(messages.at(-1)?.offset ?? -1) + 1;
          if (next >= (missing.get(`${topic}:${partition}`) ?? 0)) missing.delete(`${topic}:${partition}`);
          if (missing.size === 0) done();
          return Promise.resolve();
        },
      });
      running.catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  await admin.deleteGroups([groupId]).catch(() => undefined);
  return stored;
}
