import { makeBatch, type NewRecord } from './batch.ts';
import { configHandlers } from './api/configs.ts';
import { groupHandlers } from './api/groups.ts';
import { metadataHandlers } from './api/metadata.ts';
import { offsetHandlers } from './api/offsets.ts';
import { recordHandlers } from './api/records.ts';
import { sessionHandlers } from './api/session.ts';
import { topicHandlers } from './api/topics.ts';
import { transactionHandlers } from './api/transactions.ts';
import { compact } from './compaction.ts';
import { Session, type Connection, type Handlers, type ServerEnd } from './connection.ts';
import type { Fact } from './facts.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { News } from './news.ts';
import { Nodes } from './nodes.ts';
import type { CommittedOffset } from './offsets.ts';
import { NO_LEADER, type Partition } from './partition.ts';
import { Authorizer, type Rights } from './rights.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';
import { storedRecords, type StoredRecord } from './stored-records.ts';
import { appendRules, configOf } from './topic-configs.ts';
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
  readonly #settings: Settings;
  readonly #random: () => number;
  readonly #pending = new Map<number, NodeJS.Timeout>();
  readonly #listeners = new Set<(fact: Fact) => void>();
  #throttle: (clientId: string) => number = () => 0;

  constructor({ brokers, random, settings, users = {} }: ClusterOptions) {
    const all: Settings = { ...DEFAULT_SETTINGS, ...settings };
    const tell = (fact: Fact): void => {
      for (const listener of this.#listeners) listener(fact);
    };
    this.#settings = all;
    this.#random = random;
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
    const parts = {
      ...{
        nodes: this.#nodes,
        topics: this.#topics,
        news: this.#news,
        groups: this.#groups,
        transactions: this.#transactions,
      },
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
    this.#topics.addPartitions(this.#topic(name), count);
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name);
    this.#groups.forgetTopic(name);
  }

  /** Changes settings of a topic from now on. */
  configure(name: string, configs: Readonly<Record<string, string>>): void {
    const topic = this.#topic(name);
    for (const [key, value] of Object.entries(configs)) topic.configs.set(key, value);
  }

  /** Another in-sync replica leads, drawn where it is not named; where there is none, nothing changes. */
  moveLeader(topic: string, index: number, to?: number): void {
    this.#move(this.#partition(topic, index), to);
  }

  moveCoordinator(groupId: string, to?: number): void {
    this.#move(this.#groups.shards.partitionOf(groupId), to);
  }

  moveTransactionCoordinator(transactionalId: string, to?: number): void {
    this.#move(this.#transactions.shards.partitionOf(transactionalId), to);
  }

  /** `clean` hands its partitions over before it goes; after a `kill` others notice first that it is gone. */
  stopBroker(node: number, how: 'clean' | 'kill'): void {
    if (!this.isUp(node)) return;
    if (how === 'clean') for (const partition of this.#ledBy(node)) this.#move(partition);
    this.#nodes.stop(node);
    for (const partition of this.#topics.partitions()) partition.falls(node);
    this.#after(node, how === 'clean' ? 0 : this.#settings.failoverMs(), () => this.#failOver(node));
  }

  /**
   * It leads nothing at first but what nobody else could, and catches up with the others. Where nobody had noticed yet that
   * it was gone, it is noticed now.
   */
  startBroker(node: number): void {
    if (this.isUp(node)) return;
    this.#failOver(node);
    this.#nodes.start(node);
    this.#news.spread(this.#topics);
    for (const partition of this.#topics.partitions()) {
      if (partition.leader !== NO_LEADER || !partition.inSync.includes(node)) continue;
      partition.lead(node, this.#random());
      for (const other of partition.inSync) if (!this.isUp(other)) partition.giveUp(other);
    }
    this.#after(node, this.#settings.catchUpMs(), () => this.#caughtUp(node));
  }

  /** Writes records past all clients, to all replicas at once: nobody waits for them to be acknowledged. @returns the offset of the first */
  append(topic: string, index: number, records: readonly NewRecord[]): number {
    const partition = this.#partition(topic, index);
    const appended = partition.appendEverywhere(makeBatch({ records }), appendRules(this.#topic(topic)));
    if (appended.kind === 'refused') throw new Error(`${topic}:${index} took nothing: ${appended.code}`);
    const offset = appended.baseOffset;
    for (const listener of this.#listeners)
      listener({ kind: 'appended', topic, partition: index, offset, count: records.length });
    return offset;
  }

  /** What stands before this offset is gone. */
  deleteRecords(topic: string, index: number, before: number): void {
    this.#partition(topic, index).deleteBefore(before);
  }

  /** Retention by time: batches whose records are all older than their topic keeps them are gone. */
  expire(): void {
    for (const topic of this.#topics.all()) {
      const keptMs = Number(configOf(topic, 'retention.ms'));
      if (keptMs < 0 || topic.isInternal) continue;
      for (const partition of topic.partitions) {
        const { batches, endOffset } = partition.log;
        const kept = batches.find(({ head }) => head.maxTimestamp >= Date.now() - keptMs);
        partition.deleteBefore(kept?.baseOffset ?? endOffset);
      }
    }
  }

  /** Of each key only the newest record stays, of what all replicas have. */
  compact(topic: string, index: number): void {
    compact(this.#partition(topic, index).log);
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

  /** Every record of a partition that there still is, in order. */
  log(topic: string, index: number): StoredRecord[] {
    return storedRecords(this.#partition(topic, index).log);
  }

  offsets(topic: string, index: number): { start: number; lastStable: number; highWatermark: number; end: number } {
    const { startOffset, lastStableOffset, highWatermark, endOffset } = this.#partition(topic, index).log;
    return { start: startOffset, lastStable: lastStableOffset, highWatermark, end: endOffset };
  }

  leader(topic: string, index: number): number {
    return this.#partition(topic, index).leader;
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

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new Error(`there is no topic ${name}`);
    return topic;
  }

  #partition(topic: string, index: number): Partition {
    const partition = this.#topics.partition(topic, index);
    if (partition === undefined) throw new Error(`there is no partition ${topic}:${index}`);
    return partition;
  }

  #ledBy(node: number): Partition[] {
    return this.#topics.partitions().filter(({ leader }) => leader === node);
  }

  #move(partition: Partition, to?: number): void {
    const able = partition.inSync.filter((node) => this.isUp(node) && node !== partition.leader);
    const leader = to ?? able[Math.floor(this.#random() * able.length)];
    if (leader !== undefined && able.includes(leader)) partition.lead(leader, this.#random());
  }

  /** Others take over what it led; it is in sync no more where anybody else is. */
  #failOver(node: number): void {
    this.#news.spread(this.#topics);
    for (const partition of this.#topics.partitions()) {
      if (partition.leader === node) this.#move(partition);
      if (partition.leader === node) partition.lead(NO_LEADER, 0);
      if (partition.leader !== NO_LEADER) partition.giveUp(node);
    }
  }

  #caughtUp(node: number): void {
    for (const partition of this.#topics.partitions()) partition.catchUp(node);
  }

  /** What comes of a broker's last stop or start; the next one comes instead of it. */
  #after(node: number, delay: number, then: () => void): void {
    clearTimeout(this.#pending.get(node));
    if (delay <= 0) then();
    else this.#pending.set(node, setTimeout(then, delay));
  }
}

function uuid(random: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  return [8, 12, 16, 20].map((end, at) => digits.slice(at === 0 ? 0 : end - 4, end)).join('-') + `-${digits.slice(20)}`;
}
