import { setTimeout as sleep } from 'node:timers/promises';
import { groupedBy } from '../../core/grouped-by.ts';
import { fetchedBatch } from './fetched.ts';
import { FetchSession, type SessionAnswer, type SessionQuery } from './fetch-session.ts';
import { FetchTurns, type Share } from './fetch-turns.ts';
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

/** Whether what is written to a topic waits anyway, so that it need not be read at once. */
export type MayWait = (topic: string) => boolean;

interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** What is assigned of what one broker leads. */
type Led = Readonly<Record<Share, readonly Place[]>>;

const NOTHING: Led = { urgent: [], patient: [] };

const { Fetch: apiKey } = privatePart('protocol/requests/apiKeys.js') as { readonly Fetch: number };
const { requests } = privatePart('protocol/requests/index.js') as { readonly requests: { readonly Fetch: object } };

/** Of the broker's sessions and turns with a group, what is kept from fetch to fetch. */
class BrokerFetches {
  readonly turns = new FetchTurns();
  readonly sessions: Readonly<Record<Share, FetchSession>>;
  /** Made anew with each join. */
  #assigned: object | undefined;

  /** @param maxBytes of each partition in an answer */
  constructor(maxBytes: number) {
    this.sessions = { urgent: new FetchSession(maxBytes), patient: new FetchSession(maxBytes) };
  }

  /** What the broker told the epoch before, it tells each one: how far a partition can be read, among other things. */
  goOnWith(assigned: object): void {
    if (this.#assigned !== assigned) for (const session of Object.values(this.sessions)) session.lost();
    this.#assigned = assigned;
  }
}

/** What a group fetches, and whom it asks. */
class GroupFetches {
  readonly #brokers = new Map<string, BrokerFetches>();
  #checked: readonly [metadata: unknown, assigned: unknown] = [undefined, undefined];
  #assigned: object | undefined;
  /** What is assigned, by the broker that leads it; made anew where leaders or the assignment have changed. */
  #led = new Map<string, Led>();

  with(nodeId: string, maxBytes: number): BrokerFetches {
    const fetches = this.#brokers.get(nodeId) ?? new BrokerFetches(maxBytes);
    this.#brokers.set(nodeId, fetches);
    return fetches;
  }

  /** Throws where partitions have been added: the group has to be joined again for them. */
  ledBy(nodeId: string, group: Parts, mayWait: MayWait): Led {
    const { metadata } = group.cluster.brokerPool;
    const { assignedPartitionsByTopic: assigned } = group.subscriptionState;
    if (this.#checked[0] !== metadata || this.#checked[1] !== group.partitionsPerSubscribedTopic) {
      group.checkForStaleAssignment();
      this.#checked = [metadata, group.partitionsPerSubscribedTopic];
      this.#assigned = undefined;
    }
    if (this.#assigned !== assigned) {
      this.#led = byLeader(metadata, assigned, mayWait);
      this.#assigned = assigned;
    }
    return this.#led.get(nodeId) ?? NOTHING;
  }
}

const fetches = new WeakMap<ConsumerGroup, GroupFetches>();

/**
 * Fetches what a broker leads of the group's assignment, in sessions: it costs what is new, where kafkajs asks for
 * every partition each time, and looks through all of them in quadratic time before. Resolves to nothing where it fails;
 * then the group has been told.
 */
export async function fetchForGroup(group: ConsumerGroup, nodeId: string, mayWait: MayWait): Promise<FetchedBatch[]> {
  const parts = group as unknown as Parts;
  const known = fetches.get(group) ?? new GroupFetches();
  fetches.set(group, known);
  const broker = known.with(nodeId, parts.maxBytesPerPartition);
  const { turns, sessions } = broker;
  let session = sessions.urgent;
  try {
    await group.cluster.refreshMetadataIfNecessary();
    const led = known.ledBy(nodeId, parts, mayWait);
    broker.goOnWith(parts.subscriptionState.assignedPartitionsByTopic);
    const wanted = { urgent: isAnyWanted(led.urgent, parts), patient: isAnyWanted(led.patient, parts) };
    const turn = turns.next(wanted, performance.now(), parts.maxWaitTime);
    if (turn === undefined) {
      await sleep(parts.maxWaitTime);
      return [];
    }
    session = sessions[turn.share];
    for (const place of led[turn.share]) {
      const offset = offsetWanted(place, parts);
      if (offset !== undefined) session.want(place.topic, place.partition, offset);
    }
    const node = (await group.cluster.findBroker({ nodeId })) as SendingBroker;
    const answer = await ask(node, session.query(), parts, turn.waitMs);
    if (!session.answered(answer)) return [];
    turns.answered(turn.share, answer.responses.length > 0, performance.now());
    await readFetched(answer, (topic, partition) => session.askedFrom(topic, partition));
    return batchesOf(answer, session, parts);
  } catch (error) {
    session.lost();
    await group.recoverFromFetch(error as KafkaError);
    return [];
  }
}

/** Where to read a partition on; `undefined` where nothing is to be read of it: it is paused, or no lane has pointed at it yet. */
function offsetWanted({ topic, partition }: Place, { offsetManager, subscriptionState }: Parts): string | undefined {
  const offset = offsetManager.resolvedOffsets[topic]?.[partition];
  return offset === undefined || subscriptionState.isPaused(topic, partition) ? undefined : offset;
}

function isAnyWanted(places: readonly Place[], parts: Parts): boolean {
  return places.some((place) => offsetWanted(place, parts) !== undefined);
}

async function ask(
  broker: SendingBroker,
  query: SessionQuery,
  { isolationLevel, minBytes, maxBytes }: Parts,
  maxWaitTime: number,
): Promise<FetchAnswer & SessionAnswer> {
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

function byLeader(
  metadata: Metadata | null,
  assigned: Parts['subscriptionState']['assignedPartitionsByTopic'],
  mayWait: MayWait,
): Map<string, Led> {
  const places = (metadata?.topicMetadata ?? []).flatMap(({ topic, partitionMetadata }) => {
    const own = new Set(assigned[topic]?.partitions);
    return partitionMetadata
      .filter(({ partitionId }) => own.has(partitionId))
      .map(({ partitionId, leader }) => ({ topic, partition: partitionId, leader: String(leader) }));
  });
  const led = [...groupedBy(places, ({ leader }) => leader)].map(([leader, all]): [string, Led] => [
    leader,
    { urgent: all.filter(({ topic }) => !mayWait(topic)), patient: all.filter(({ topic }) => mayWait(topic)) },
  ]);
  return new Map(led);
}
