import type { Kafka } from 'kafkajs';
import { makeBatch, NOBODY, type NewRecord, type Writer } from '../brokers/batch.ts';
import { APIS, type ApiName, type Request } from '../brokers/messages/apis.ts';
import { until } from '../../support/until.ts';
import type { Operation, Resource } from '../brokers/rights.ts';
import { ERROR } from '../brokers/error-codes.ts';
import { PASSWORD, USER } from './common-settings.ts';
import type { RawClient } from './raw-client.ts';
import { Transcript } from './transcript.ts';

/** Brokers that a script can be played to: simulated ones, or real ones. */
export interface Brokers {
  readonly nodes: readonly number[];
  /** @param isGuarded whether it has to be proved who connects */
  connect(node: number, clientId: string, isGuarded: boolean): Promise<RawClient>;
  kafka(clientId: string): Kafka;
  /** Lets the user whom `common-settings.ts` names do something. */
  grant(operation: Operation, type: Resource['type'], name: string): Promise<void>;
  /** Lets another replica lead, and waits until its broker knows. */
  moveLeader(topic: string, partition: number, to: number): Promise<void>;
}

/** What brokers answered to a script, in words that do not depend on which brokers they are. */
export type Script = (stage: Stage) => Promise<void>;

/** One script before one set of brokers, with names that nobody else uses. */
export class Stage {
  readonly brokers: Brokers;
  /** Of the script's topic and group; more are named behind it. */
  readonly name: string;
  /** The time of its first record, in epoch milliseconds. */
  readonly startedAt = Date.now() - 60_000;
  readonly transcript: Transcript;
  readonly #clients: RawClient[] = [];
  readonly #first = new Map<number, Promise<RawClient>>();

  constructor(brokers: Brokers, name: string) {
    this.brokers = brokers;
    this.name = name;
    this.transcript = new Transcript(name, this.startedAt);
  }

  /** A new connection. */
  async client(clientId = 'client', node = this.brokers.nodes[0] ?? 1, isGuarded = false): Promise<RawClient> {
    const client = await this.brokers.connect(node, clientId, isGuarded);
    this.#clients.push(client);
    return client;
  }

  /** The one connection to a broker for what needs none of its own. */
  any(node = this.brokers.nodes[0] ?? 1): Promise<RawClient> {
    const client = this.#first.get(node) ?? this.client('any', node);
    this.#first.set(node, client);
    return client;
  }

  /** A connection of the user who may do what is granted. */
  async user(node: number): Promise<RawClient> {
    const client = await this.client('user', node, true);
    await client.ask('SaslHandshake', { mechanism: 'PLAIN' });
    await client.ask('SaslAuthenticate', { authBytes: Buffer.from(`\0${USER}\0${PASSWORD}`) });
    return client;
  }

  /** Asks, and writes the answer down. */
  async ask<Name extends ApiName>(label: string, name: Name, request: Request<Name>, on?: RawClient, version?: number) {
    const client = on ?? (await this.any());
    const response = await client.ask(name, request, version ?? APIS[name].versions[1]);
    this.note(label, response);
    return response;
  }

  note(label: string, value: unknown): void {
    this.transcript.note(label, value);
  }

  /** The script's own topic, with leaders for all partitions. */
  async makeTopic(options: TopicOptions = {}): Promise<string> {
    const { suffix = '', partitions = 1, configs = {}, replicas = 1, assignments = [] } = options;
    const name = `${this.name}${suffix}`;
    const client = await this.any();
    const topic = {
      ...{ name, numPartitions: assignments.length > 0 ? -1 : partitions },
      replicationFactor: assignments.length > 0 ? -1 : replicas,
      assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    };
    const made = await client.ask('CreateTopics', { topics: [topic], timeoutMs: 10_000, validateOnly: false });
    if (made.topics[0]?.errorCode !== 0) throw new Error(`no topic: ${made.topics[0]?.errorMessage ?? ''}`);
    await this.topicIsKnown(name);
    return name;
  }

  /** Waits until every broker knows who leads all of a topic's partitions. */
  async topicIsKnown(name: string, partitions = 1): Promise<void> {
    for (const node of this.brokers.nodes) {
      const client = await this.any(node);
      await until(`broker ${node} to know ${name}`, async () => {
        const { topics } = await client.ask('Metadata', METADATA([name]));
        const known = topics[0]?.partitions ?? [];
        if (known.length < partitions) return false;
        const leads = await Promise.all(known.map(({ index, leaderId }) => this.#leads(leaderId, name, index)));
        return leads.every(Boolean);
      });
    }
  }

  /** Whether a broker knows that it leads a partition. */
  async #leads(node: number, name: string, index: number): Promise<boolean> {
    if (node < 0) return false;
    const client = await this.any(node);
    const partitions = [{ index, timestamp: -1 }];
    const { topics } = await client.ask('ListOffsets', {
      ...{ replicaId: -1, isolationLevel: 0, topics: [{ name, partitions }] },
    });
    return topics[0]?.partitions[0]?.errorCode === 0;
  }

  /** An id for a producer; a broker that has just started has none to give yet. */
  async producer(transactionalId: string | null = null): Promise<{ producerId: number; producerEpoch: number }> {
    const node = transactionalId === null ? undefined : await this.coordinatorOf(transactionalId, 1);
    const client = await this.any(node);
    return until('a producer', async () => {
      const made = await client.ask('InitProducerId', { transactionalId, transactionTimeoutMs: 60_000 });
      return made.errorCode === 0 ? made : undefined;
    });
  }

  /** Waits until no broker knows a topic. */
  async topicIsGone(name: string): Promise<void> {
    for (const node of this.brokers.nodes) {
      const client = await this.any(node);
      await until(`broker ${node} to forget ${name}`, async () => {
        const { topics } = await client.ask('Metadata', METADATA([name]));
        return topics[0]?.errorCode === ERROR.UNKNOWN_TOPIC_OR_PARTITION;
      });
    }
  }

  /** Waits until the group has no offsets of a deleted topic any more. */
  async offsetsAreGone(name: string): Promise<void> {
    const client = await this.any(await this.coordinatorOf());
    await until('offsets to be gone', async () => {
      const { topics } = await client.ask('OffsetFetch', { groupId: this.name, topics: null });
      return topics.every((topic) => topic.name !== name);
    });
  }

  async leaderOf(topic: string, partition = 0): Promise<number> {
    const { topics } = await (await this.any()).ask('Metadata', METADATA([topic]));
    return topics[0]?.partitions.find(({ index }) => index === partition)?.leaderId ?? -1;
  }

  /** The broker that coordinates a group, or a transaction (1), once there is one that has read what it has to. */
  async coordinatorOf(key = this.name, keyType = 0): Promise<number> {
    return until('a coordinator', async () => {
      const client = await this.any();
      const { errorCode, nodeId } = await client.ask('FindCoordinator', { key, keyType });
      if (errorCode !== 0 || keyType !== 0) return errorCode === 0 ? nodeId : undefined;
      const at = await this.any(nodeId);
      const { groups } = await at.ask('DescribeGroups', { groups: [key], includeAuthorizedOperations: false });
      return groups[0]?.errorCode === 0 ? nodeId : undefined;
    });
  }

  /** A batch of records that hold these texts, one millisecond after the other. */
  batch(texts: readonly string[], options: BatchOptions = {}): Buffer {
    const { writer = NOBODY, kind = 'plain', at = 0 } = options;
    const records = texts.map((text, delta): NewRecord => ({
      ...{ key: Buffer.from(`key of ${text}`), value: Buffer.from(text), timestamp: this.startedAt + at + delta },
      headers: [['h', Buffer.from('1')]],
    }));
    return makeBatch({ records, writer, kind });
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

export interface TopicOptions {
  readonly suffix?: string;
  readonly partitions?: number;
  readonly replicas?: number;
  readonly configs?: Readonly<Record<string, string>>;
  readonly assignments?: readonly (readonly number[])[];
}

export interface BatchOptions {
  readonly writer?: Writer;
  readonly kind?: 'plain' | 'transactional';
  /** Milliseconds behind the script's start. */
  readonly at?: number;
}

/** Asks for topics, without anything else. */
export const METADATA = (names: readonly string[] | null): Request<'Metadata'> => ({
  topics: names?.map((name) => ({ name })) ?? null,
  ...{ allowAutoTopicCreation: false, includeClusterAuthorizedOperations: false },
  includeTopicAuthorizedOperations: false,
});
