import { setTimeout as sleep } from 'node:timers/promises';
import { groupedBy } from '../../core/grouped-by.ts';
import { fetchedBatch } from './fetched.ts';
import { FetchSession, type SessionAnswer, type SessionQuery } from './fetch-session.ts';
import { partitionsOf, type Partitions } from './offsets.ts';
import { readFetched } from './patches/fetch-as-bytes.ts';
import { privatePart } from './private-parts.ts';
import type { Broker, ConsumerGroup, FetchAnswer, FetchedBatch, KafkaError } from './types.ts';

/** kafkajs' view of a group's assignment and positions, as they stand in the version that `private-parts.ts` names. */
interface Parts {
  readonly isolationLevel: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  /** Milliseconds. */
  readonly maxWaitTime: number;
  readonly cluster: { readonly brokerPool: { readonly metadata: Metadata | null } };
  /** Made anew with each join. */
  readonly partitionsPerSubscribedTopic: object | null;
  checkForStaleAssignment(): void;
  readonly subscriptionState: {
    /** Made anew with each join. */
    readonly assignedPartitionsByTopic: Readonly<Record<string, { readonly partitions: readonly number[] }>>;
    isPaused(topic: string, partition: number): boolean;
  };
  /** Where `resolveOffset` has pointed, by topic and partition. */
  readonly offsetManager: { readonly resolvedOffsets: Readonly<Record<string, Readonly<Record<number, string>>>> };
}

interface Metadata {
  readonly topicMetadata: readonly {
    readonly topic: string;
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
  }[];
}

interface SendingBroker extends Broker {
  lookupRequest(apiKey: number, versions: object): (query: object) => unknown;
  readonly connectionPool: { send(request: unknown): Promise<FetchAnswer & SessionAnswer> };
  disconnect(): Promise<void>;
}

const { Fetch: apiKey } = privatePart('protocol/requests/apiKeys.js') as { readonly Fetch: number };
const { requests } = privatePart('protocol/requests/index.js') as { readonly requests: { readonly Fetch: object } };

/** What a group fetches, and whom it asks; kept from fetch to fetch. */
class GroupFetches {
  readonly #sessions = new Map<string, FetchSession>();
  #checked: readonly [metadata: unknown, assigned: unknown] = [undefined, undefined];
  #assigned: object | undefined;
  /** What is assigned, by the broker that leads it; made anew where leaders or the assignment have changed. */
  #places = new Map<string, Partitions>();

  sessionWith(nodeId: string, maxBytes: number): FetchSession {
    const session = this.#sessions.get(nodeId) ?? new FetchSession(maxBytes);
    this.#sessions.set(nodeId, session);
    return session;
  }

  /** Throws where partitions have been added: the group has to be joined again for them. */
  placesAt(nodeId: string, group: Parts): Partitions {
    const { metadata } = group.cluster.brokerPool;
    const { assignedPartitionsByTopic: assigned } = group.subscriptionState;
    if (this.#checked[0] !== metadata || this.#checked[1] !== group.partitionsPerSubscribedTopic) {
      group.checkForStaleAssignment();
      this.#checked = [metadata, group.partitionsPerSubscribedTopic];
      this.#assigned = undefined;
    }
    if (this.#assigned !== assigned) {
      this.#places = placesByLeader(metadata, assigned);
      this.#assigned = assigned;
    }
    return this.#places.get(nodeId) ?? new Map<string, readonly number[]>();
  }
}

const fetches = new WeakMap<ConsumerGroup, GroupFetches>();

/**
 * Fetches what a broker leads of the group's assignment, in a session: it costs what is new, where kafkajs asks for
 * every partition each time, and looks through all of them in quadratic time before. Resolves to nothing where it fails;
 * then the group has been told.
 */
export async function fetchForGroup(group: ConsumerGroup, nodeId: string): Promise<FetchedBatch[]> {
  const parts = group as unknown as Parts;
  const known = fetches.get(group) ?? new GroupFetches();
  fetches.set(group, known);
  const session = known.sessionWith(nodeId, parts.maxBytesPerPartition);
  try {
    await group.cluster.refreshMetadataIfNecessary();
    want(known.placesAt(nodeId, parts), parts, session);
    if (!session.isWanted) {
      await sleep(parts.maxWaitTime);
      return [];
    }
    const broker = (await group.cluster.findBroker({ nodeId })) as SendingBroker;
    const answer = await ask(broker, session.query(), parts);
    if (!session.answered(answer)) return [];
    await readFetched(answer, (topic, partition) => session.askedFrom(topic, partition));
    return batchesOf(answer, session, parts);
  } catch (error) {
    session.lost();
    await group.recoverFromFetch(error as KafkaError);
    return [];
  }
}

function want(places: Partitions, parts: Parts, session: FetchSession): void {
  const { subscriptionState, offsetManager } = parts;
  for (const [topic, partitions] of places) {
    const offsets = offsetManager.resolvedOffsets[topic];
    for (const partition of partitions) {
      const offset = offsets?.[partition];
      // What no lane has pointed at yet is not read.
      if (offset === undefined || subscriptionState.isPaused(topic, partition)) continue;
      session.want(topic, partition, offset);
    }
  }
}

async function ask(broker: SendingBroker, query: SessionQuery, parts: Parts): Promise<FetchAnswer & SessionAnswer> {
  const { isolationLevel, minBytes, maxBytes, maxWaitTime } = parts;
  const fetch = broker.lookupRequest(apiKey, requests.Fetch);
  try {
    return await broker.connectionPool.send(
      fetch({ isolationLevel, minBytes, maxBytes, maxWaitTime, rackId: '', ...query }),
    );
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}

function batchesOf({ responses }: FetchAnswer, session: FetchSession, { subscriptionState }: Parts): FetchedBatch[] {
  return responses.flatMap(({ topicName, partitions }) =>
    partitions
      .filter(({ partition }) => !subscriptionState.isPaused(topicName, partition))
      .map((part) => fetchedBatch(topicName, session.askedFrom(topicName, part.partition) ?? '0', part)),
  );
}

function placesByLeader(
  metadata: Metadata | null,
  assigned: Parts['subscriptionState']['assignedPartitionsByTopic'],
): Map<string, Partitions> {
  const places = (metadata?.topicMetadata ?? []).flatMap(({ topic, partitionMetadata }) => {
    const own = new Set(assigned[topic]?.partitions);
    return partitionMetadata
      .filter(({ partitionId }) => own.has(partitionId))
      .map(({ partitionId, leader }) => ({ topic, partition: partitionId, leader }));
  });
  const byLeader = groupedBy(places, ({ leader }) => String(leader));
  return new Map([...byLeader].map(([leader, led]) => [leader, partitionsOf(led)] as const));
}
