import type { Kafka } from 'kafkajs';
import type { FetchedMessages } from '../wire/record-batches.ts';
import { errorType } from './errors.ts';
import { READ_COMMITTED } from './fetched.ts';
import { byTopic, committedOffsets } from './offsets.ts';
import { createCluster, type OwnCluster } from './own-cluster.ts';
import './patched.ts';
import { privatePart } from './private-parts.ts';
import type { Cluster } from './types.ts';

/** A topic as its cluster knows it. Without partitions where there is an `error`: the protocol's name for what is wrong. */
export interface TopicLayout {
  readonly topic: string;
  /** `leader` is a node id, -1 where nobody leads the partition. */
  readonly partitions: readonly { readonly partition: number; readonly leader: number }[];
  readonly error?: string;
}

/** Which offset of a partition is asked for: its first, the one behind its last committed or written record, one by time. */
export type Boundary = 'earliest' | 'last stable' | 'end' | { readonly time: number };

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** An offset; `undefined` where no record is as late as the time asked for. */
export type Bounded = Place & { readonly offset: number | undefined; readonly error?: string };

/** What a leader gave of one partition, from the offset that was asked for. */
export type Fetched = Place & { readonly messages: FetchedMessages; readonly error?: string };

/**
 * Reads topics without joining any group. What is wrong with one topic or partition is told of that one, and all others are
 * answered; throws only where a broker does not answer at all.
 */
export interface Reader {
  /** The names of all topics that this user may see. */
  topics(): Promise<string[]>;
  layouts(topics: readonly string[]): Promise<TopicLayout[]>;
  offsets(leader: number, places: readonly Place[], which: Boundary): Promise<Bounded[]>;
  fetch(leader: number, places: readonly (Place & { readonly next: number })[]): Promise<Fetched[]>;
  /** What a group has committed on these topics, by `partitionKey`, without the partitions it has not. */
  committed(groupId: string, topics: readonly string[]): Promise<Map<string, number>>;
  close(): Promise<void>;
}

/** What is read at once bounds the memory of a reader: a MiB a broker, decompressed some more. */
const FETCH = { minBytes: 1, maxWaitTime: 250, maxBytes: 1_048_576, isolationLevel: READ_COMMITTED };
const PARTITION_BYTES = 131_072;
const TIMES = { earliest: -2, 'last stable': -1, end: -1 } as const;

interface PartitionAnswer {
  readonly partition: number;
  readonly errorCode: number;
}

interface Broker {
  fetch(query: object): Promise<{
    responses: { topicName: string; partitions: (PartitionAnswer & { messages: FetchedMessages })[] }[];
  }>;
  listOffsets(query: object): Promise<{
    responses: { topic: string; partitions: (PartitionAnswer & { offset: string })[] }[];
  }>;
}

interface Metadata {
  readonly topicMetadata: readonly {
    readonly topic: string;
    readonly topicErrorCode: number;
    readonly partitionMetadata: readonly { partitionId: number; leader: number }[];
  }[];
}

interface ConnectionPool {
  send(protocol: Protocol): Promise<unknown>;
}

interface Protocol {
  readonly request: { readonly apiKey: number };
  readonly response: { parse(data: unknown): Promise<unknown> };
}

type ReadingCluster = Omit<OwnCluster, 'findBroker'> & {
  findBroker(query: { nodeId: string }): Promise<Broker>;
  metadata(): Promise<Metadata>;
  readonly brokerPool: {
    readonly metadata: Metadata;
    createBroker: (options: { readonly connectionPool: ConnectionPool }) => Broker;
  };
};

const { createErrorFromCode } = privatePart('protocol/error.js') as { createErrorFromCode: (code: number) => Error };
const { Fetch, ListOffsets, Metadata: Layouts } = privatePart('protocol/requests/apiKeys.js') as Record<string, number>;

/** Connects. Throws where no broker can be reached or none lets us in. */
export async function openReader(kafka: Kafka): Promise<Reader> {
  const cluster = clusterOf(kafka);
  await cluster.connect();
  const leaderOf = (leader: number): Promise<Broker> => cluster.findBroker({ nodeId: String(leader) });
  const layouts = async (topics: readonly string[]): Promise<TopicLayout[]> => {
    await cluster.addMultipleTargetTopics(topics);
    await cluster.refreshMetadata();
    return cluster.brokerPool.metadata.topicMetadata
      .filter(({ topic }) => topics.includes(topic))
      .map(({ topic, topicErrorCode, partitionMetadata }) => ({
        topic,
        ...errorOf(topicErrorCode),
        partitions: partitionMetadata.map(({ partitionId, leader }) => ({ partition: partitionId, leader })),
      }));
  };

  return {
    topics: async () => {
      const { topicMetadata } = await cluster.metadata();
      return topicMetadata.map(({ topic }) => topic);
    },
    layouts,
    offsets: async (leader, places, which) => {
      const timestamp = typeof which === 'string' ? TIMES[which] : which.time;
      const broker = await leaderOf(leader);
      const { responses } = await broker.listOffsets({
        isolationLevel: which === 'end' ? 0 : READ_COMMITTED,
        topics: perTopic(places, ({ partition }) => ({ partition, timestamp })),
      });
      return responses.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset, errorCode }) => ({
          ...{ topic, partition, offset: Number(offset) < 0 ? undefined : Number(offset) },
          ...errorOf(errorCode),
        })),
      );
    },
    fetch: async (leader, places) => {
      const broker = await leaderOf(leader);
      const { responses } = await broker.fetch({
        ...FETCH,
        topics: perTopic(places, ({ partition, next }) => ({
          ...{ partition, fetchOffset: String(next), maxBytes: PARTITION_BYTES },
        })),
      });
      return responses.flatMap(({ topicName: topic, partitions }) =>
        partitions.map(({ partition, messages, errorCode }) => ({ topic, partition, messages, ...errorOf(errorCode) })),
      );
    },
    committed: async (groupId, topics) => {
      const known = await layouts(topics);
      const partitions = known.map(({ topic, partitions }) => [topic, partitions.map((own) => own.partition)] as const);
      const committed = await committedOffsets(cluster as unknown as Cluster, groupId, new Map(partitions));
      return new Map([...committed].map(([key, { offset }]) => [key, offset]));
    },
    close: () => cluster.disconnect(),
  };
}

/**
 * kafkajs throws a whole answer away for the first topic or partition in it that is refused. Here the codes are left in it,
 * of the three requests that a reader makes; all other requests throw as ever.
 */
function clusterOf(kafka: Kafka): ReadingCluster {
  const cluster = createCluster(kafka) as unknown as ReadingCluster;
  const { brokerPool } = cluster;
  const createBroker = brokerPool.createBroker.bind(brokerPool);
  brokerPool.createBroker = (options) => {
    const { connectionPool } = options;
    const send = connectionPool.send.bind(connectionPool);
    connectionPool.send = (protocol) => send(withCodes(protocol));
    return createBroker(options);
  };
  return cluster;
}

function withCodes(protocol: Protocol): Protocol {
  const { request, response } = protocol;
  if (![Fetch, ListOffsets, Layouts].includes(request.apiKey)) return protocol;
  return { ...protocol, response: { ...response, parse: (data) => Promise.resolve(data) } };
}

function errorOf(code: number): { error?: string } {
  if (code === 0) return {};
  return { error: errorType(createErrorFromCode(code)) ?? `error ${code}` };
}

function perTopic<T extends Place, R>(
  places: readonly T[],
  asked: (place: T) => R,
): { topic: string; partitions: R[] }[] {
  return [...byTopic(places)].map(([topic, own]) => ({ topic, partitions: own.map(asked) }));
}
