import { configHandlers } from './api/configs.ts';
import { groupHandlers } from './api/groups.ts';
import { metadataHandlers } from './api/metadata.ts';
import { offsetHandlers } from './api/offsets.ts';
import { recordHandlers } from './api/records.ts';
import { sessionHandlers } from './api/session.ts';
import { topicHandlers } from './api/topics.ts';
import { transactionHandlers } from './api/transactions.ts';
import { Session, type Connection, type Handlers, type ServerEnd } from './connection.ts';
import { Elections } from './elections.ts';
import type { Fact } from './facts.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { Logs } from './logs.ts';
import { News } from './news.ts';
import { Nodes } from './nodes.ts';
import type { CommittedOffset } from './offsets.ts';
import { Authorizer, type Rights } from './rights.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';
import { Topics, type NewTopic, type Topic } from './topics.ts';
import { TransactionCoordinator } from './transaction-coordinator.ts';

/** Whoever has proved nothing. */
export const ANONYMOUS = 'User:ANONYMOUS';

export interface ClusterOptions {
  readonly brokers: number;
  /** At least 0 and less than 1; all randomness comes from here. */
  readonly random: () => number;
  readonly settings?: Partial<Settings>;
  /** Passwords by user, of those who connect guarded. */
  readonly users?: Readonly<Record<string, string>>;
}

/** Who connects. */
export interface Client {
  readonly host?: string;
  readonly principal?: string;
  /** Whether it has to prove who it is (SASL PLAIN). */
  readonly isGuarded?: boolean;
}

/**
 * Kafka brokers in this process: they speak Kafka's protocol over whatever carries bytes, and do nothing but when bytes come
 * or a timer is due. Where they are simpler than Kafka stands in README.md.
 */
export class Cluster {
  readonly #nodes: Nodes;
  readonly #topics: Topics;
  readonly #news: News;
  readonly #groups: GroupCoordinator;
  readonly #transactions: TransactionCoordinator;
  readonly #authorizer = new Authorizer();
  readonly #handlers: Handlers;
  readonly #elections: Elections;
  /** What stands in the partitions. */
  readonly logs: Logs;
  readonly #listeners = new Set<(fact: Fact) => void>();
  #throttle: (clientId: string) => number = () => 0;

  constructor({ brokers, random, settings, users = {} }: ClusterOptions) {
    const all: Settings = { ...DEFAULT_SETTINGS, ...settings };
    const tell = (fact: Fact): void => {
      for (const listener of this.#listeners) listener(fact);
    };
    this.#nodes = new Nodes(brokers, all, random);
    this.#news = new News(this.#nodes, all.newsMs);
    const isUp = (node: number): boolean => this.#nodes.isUp(node);
    this.#topics = new Topics(this.#nodes.ids, isUp, all.replicationMs, (topics) => this.#news.spread(topics));
    const internal = (name: string): Topic =>
      this.#topics.create(name, { partitions: all.coordinatorPartitions, isInternal: true });
    const rules = { ...all, uuid: () => uuid(random) };
    this.#groups = new GroupCoordinator(internal('__consumer_offsets'), rules, all.loadMs, tell);
    const endOffsets = (groupId: string, producerId: number, isCommitted: boolean): void => {
      const { offsets } = this.#groups.getOrMake(groupId);
      for (const committed of offsets.endTransaction(producerId, isCommitted))
        this.#groups.committed(groupId, committed, { clientId: '', memberId: '' });
    };
    this.#transactions = new TransactionCoordinator(internal('__transaction_state'), all, endOffsets, tell);
    this.logs = new Logs(this.#topics, this.#transactions, tell);
    const { nodes, topics, news } = { nodes: this.#nodes, topics: this.#topics, news: this.#news };
    this.#elections = new Elections({ nodes, topics, news, settings: all, random });
    const parts = {
      ...{ nodes, topics, news, groups: this.#groups, transactions: this.#transactions },
      ...{ authorizer: this.#authorizer, settings: all, tell },
      throttling: { timeMs: (clientId: string) => this.#throttle(clientId) },
    };
    this.#handlers = {
      ...{ ...sessionHandlers(users), ...metadataHandlers(parts), ...topicHandlers(parts), ...configHandlers(parts) },
      ...recordHandlers(parts),
      ...{ ...groupHandlers(parts), ...offsetHandlers(parts), ...transactionHandlers(parts) },
    };
  }

  /** As in `KAFKA_BROKERS`. */
  get addresses(): string[] {
    return this.#nodes.ids.map((id) => {
      const { host, port } = this.#nodes.address(id);
      return `${host}:${port}`;
    });
  }

  /** Hears of everything that happens, when it happens, until the returned function is called. */
  on(listener: (fact: Fact) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  nodeAt(host: string, port: number): number | undefined {
    return this.#nodes.at(host, port);
  }

  isUp(node: number): boolean {
    return this.#nodes.isUp(node);
  }

  /** A client has connected. Throws where the broker is down. */
  accept(
    node: number,
    connection: Connection,
    { host = '127.0.0.1', principal = ANONYMOUS, isGuarded = false }: Client = {},
  ): ServerEnd {
    if (!this.isUp(node)) throw new Error(`broker ${node} is down`);
    const session = new Session(connection, this.#handlers, {
      ...{ node, host, principal: isGuarded ? undefined : principal },
    });
    const forget = this.#nodes.connected(node, session);
    return {
      receive: (bytes) => session.receive(bytes),
      closed: () => {
        forget();
        session.closed();
      },
    };
  }

  createTopic(name: string, topic: NewTopic): void {
    this.#topics.create(name, topic);
  }

  addPartitions(name: string, count: number): void {
    this.#topics.addPartitions(this.#topics.named(name), count);
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name);
    this.#groups.forgetTopic(name);
  }

  /** Changes settings of a topic from now on. */
  configure(name: string, configs: Readonly<Record<string, string>>): void {
    const topic = this.#topics.named(name);
    for (const [key, value] of Object.entries(configs)) topic.configs.set(key, value);
  }

  /** Another in-sync replica leads, drawn where it is not named; where there is none, nothing changes. */
  moveLeader(topic: string, index: number, to?: number): void {
    this.#elections.move(this.#topics.partitionNamed(topic, index), to);
  }

  moveCoordinator(groupId: string, to?: number): void {
    this.#elections.move(this.#groups.shards.partitionOf(groupId), to);
  }

  moveTransactionCoordinator(transactionalId: string, to?: number): void {
    this.#elections.move(this.#transactions.shards.partitionOf(transactionalId), to);
  }

  /** `clean` hands its partitions over before it goes; after a `kill` others notice first that it is gone. */
  stopBroker(node: number, how: 'clean' | 'kill'): void {
    this.#elections.stop(node, how);
  }

  startBroker(node: number): void {
    this.#elections.start(node);
  }

  /** Ends an open transaction, as an operator or its time-out does. */
  abortTransaction(transactionalId: string): void {
    this.#transactions.abort(transactionalId);
  }

  /** A broker forgets its fetch sessions, as one does whose cache is too small. */
  forgetFetchSessions(node: number): void {
    this.#nodes.fetchSessions(node).clear();
  }

  setRights(rights: Rights): void {
    this.#authorizer.set(rights);
  }

  /** How long the answers tell a client to keep still, in milliseconds; 0 not at all. */
  throttle(timeMs: (clientId: string) => number): void {
    this.#throttle = timeMs;
  }

  topics(): string[] {
    return this.#topics
      .all()
      .filter(({ isInternal }) => !isInternal)
      .map(({ name }) => name);
  }

  partitionCount(topic: string): number {
    return this.#topics.get(topic)?.partitions.length ?? 0;
  }

  leader(topic: string, index: number): number {
    return this.#topics.partitionNamed(topic, index).leader;
  }

  coordinator(groupId: string): number {
    return this.#groups.shards.partitionOf(groupId).leader;
  }

  committedOffsets(groupId: string): CommittedOffset[] {
    return this.#groups.get(groupId)?.offsets.all() ?? [];
  }

  committed(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.offsets.get(topic, partition);
  }

  /** Who is in a group now. */
  group(groupId: string): { state: string; generation: number; members: { memberId: string; clientId: string }[] } {
    const generations = this.#groups.get(groupId)?.group.generations;
    const members = (generations?.members ?? []).map(({ memberId, clientId }) => ({ memberId, clientId }));
    return { state: generations?.state ?? 'Dead', generation: generations?.number ?? 0, members };
  }
}

function uuid(random: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  return [8, 12, 16, 20].map((end, at) => digits.slice(at === 0 ? 0 : end - 4, end)).join('-') + `-${digits.slice(20)}`;
}
