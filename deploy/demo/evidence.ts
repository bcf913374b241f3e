import type { Admin, Kafka } from 'kafkajs';
import type { KafkaRecord } from '../../src/core/record.ts';
import { Topology } from '../../src/core/topology.ts';
import { traceOf, type Trace } from '../../src/inspect/history.ts';
import { scan } from '../../src/inspect/scan.ts';
import { isCommitted } from '../../src/inspect/where-is.ts';
import { createDecoder, type Decoder } from '../../src/kafka/avro/decoder.ts';
import { openReader, type Reader } from '../../src/kafka/kafkajs/reader.ts';

const READ_LIMIT_MS = 30_000;

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

/** Which part of a cluster is the demo's. */
export interface Scope {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly source: string;
  readonly group: string;
  readonly registryUrl: string;
}

/** The topics of the demo that exist: the source, its retry tiers, its dead letters. */
export async function demoTopics({ admin, source }: Scope): Promise<string[]> {
  const topics = await admin.listTopics();
  return topics.filter((topic) => topic === source || topic.startsWith(`${source}.`));
}

/** How many records of source and retry topics are not committed. */
export async function uncommitted(scope: Scope): Promise<number> {
  const { admin, group } = scope;
  const topics = (await demoTopics(scope)).filter((topic) => topic !== topologyOf(scope).deadLetters);
  const found = await admin.fetchOffsets({ groupId: group, topics });
  let count = 0;
  for (const { topic, partitions } of found) {
    const committed = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
      count += Number(high) - Math.max(Number(low), committed.get(partition) ?? 0);
    }
  }
  return count;
}

/** Reads everything that stands in the demo's topics, and what is committed of it. */
export async function readEvidence(scope: Scope): Promise<Omit<Evidence, 'requests'>> {
  const topics = await demoTopics(scope);
  const reader = await openReader(scope.kafka);
  try {
    const traces = await readTraces(reader, scope, topics);
    const committed = await reader.committed(scope.group, topics);
    const copies = traces.flatMap(({ trace }) => (trace.kind === 'copy' ? [trace] : []));
    const letters = traces.flatMap(({ trace }) => (trace.kind === 'letter' ? [trace] : []));
    const sources = traces.filter(({ trace }) => trace.kind === 'source').map(({ record }) => record);
    const decoder = createDecoder({ url: scope.registryUrl });
    const events: Written[] = [];
    for (const source of sources) events.push(await written(source, decoder));
    return {
      written: events,
      letters: letters.map(({ origin, deadLetterReason, reason = '', at }) => {
        return { origin: originOf(origin), reason: deadLetterReason, detail: reason, at };
      }),
      parked: copies.map((copy) => ({
        ...{ origin: originOf(copy.origin), tier: copy.tier, attempts: copy.attempts },
        ...{ notBefore: copy.notBefore ?? 0, reason: copy.reason ?? '' },
        ...(copy.bodySha256 !== undefined && { bodySha256: copy.bodySha256 }),
        waiting: !isCommitted(copy, committed),
      })),
      committed: new Map(
        sources.map(({ partition }) => [partition, committed.get(`${scope.source}:${partition}`) ?? 0]),
      ),
    };
  } finally {
    await reader.close();
  }
}

/** As the headers of retry and dead-letter records name it. */
export function originOf({ partition, offset }: Pick<Written, 'partition' | 'offset'>): string {
  return `${partition}:${offset}`;
}

async function readTraces(
  reader: Reader,
  scope: Scope,
  topics: readonly string[],
): Promise<{ readonly record: KafkaRecord; readonly trace: Trace }[]> {
  const topology = topologyOf(scope);
  const traces: { record: KafkaRecord; trace: Trace }[] = [];
  const unread = await scan(reader, {
    topics: topics.map((topic) => ({ topic })),
    wants: () => true,
    visit: (record) => {
      const trace = traceOf(record, topology);
      if (trace !== undefined) traces.push({ record, trace });
    },
    signal: AbortSignal.timeout(READ_LIMIT_MS),
  });
  const [first] = unread;
  if (first !== undefined) throw new Error(`${first.topic} could not be read: ${first.why}`);
  return traces;
}

async function written(
  { partition, offset, key, value, timestamp: at }: KafkaRecord,
  decoder: Decoder,
): Promise<Written> {
  const text = key?.toString() ?? '';
  const decoded = await decoder.decode(value);
  return { partition, offset, key: text, name: decoded.kind === 'event' ? decoded.event.paymentId : text, at };
}

function topologyOf({ source }: Scope): Topology {
  return new Topology({ source, tiers: [] });
}
