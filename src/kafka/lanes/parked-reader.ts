import { readProvenance } from '../../core/provenance.ts';
import type { Copy } from '../../core/copies.ts';
import type { ParkedKeys } from '../../core/parked-keys.ts';
import type { KafkaRecord } from '../../core/record.ts';
import type { Topology } from '../../core/topology.ts';
import type { AllParkedKeys } from '../../pipeline/all-parked-keys.ts';
import { copyOf } from '../../pipeline/parked-copy.ts';
import { Abandoned } from '../../pipeline/ports.ts';
import { endOfBatch, fetchedBatch, READ_COMMITTED, READ_UNCOMMITTED, recordsOf } from '../kafkajs/fetched.ts';
import type { Broker, Cluster, FetchedPartition } from '../kafkajs/types.ts';
import { byTopic, highWatermarks, partitionKey, type Partitions } from '../kafkajs/offsets.ts';
import type { CorruptBatch } from '../wire/record-batches.ts';

const FETCH = { minBytes: 1, maxWaitTime: 250, maxBytes: 4_194_304 };
const PARTITION_BYTES = 1_048_576;

/** Where lanes begin to read, by `partitionKey`. */
export type Starts = ReadonlyMap<string, number>;

/** A retry partition that is not wholly known, and from where. */
interface Unread {
  readonly topic: string;
  readonly partition: number;
  next: number;
  /** Behind its last record, those of open transactions included. */
  readonly end: number;
}

/** A stretch of a retry topic in which readers may see what stands there, or may see it yet. */
interface Stretch {
  readonly isolationLevel: number;
  readonly end: (answer: Pick<FetchedPartition, 'lastStableOffset' | 'highWatermark'>) => number;
  readonly join: (parkedKeys: ParkedKeys, copy: Copy) => void;
}

const DECIDED: Stretch = {
  isolationLevel: READ_COMMITTED,
  end: ({ lastStableOffset }) => Number(lastStableOffset),
  join: (parkedKeys, copy) => parkedKeys.join(copy),
};

/** Behind an open transaction, whoever wrote it; it is read again, by its lane, when it is decided. */
const UNDECIDED: Stretch = {
  isolationLevel: READ_UNCOMMITTED,
  end: ({ highWatermark }) => Number(highWatermark),
  join: (parkedKeys, copy) => parkedKeys.joinUndecided(copy),
};

function isAt(one: { topic: string; partition: number }, other: { topic: string; partition: number }): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}

/** What was read of retry topics, and where it could not be read on. Nothing of these partition numbers may be sent. */
export interface Learnt {
  /** How many records were read. */
  readonly records: number;
  readonly corrupt: readonly (CorruptBatch & { readonly topic: string; readonly partition: number })[];
  /** Partition numbers of which there is no room to know more. */
  readonly full: readonly number[];
}

/** Finds out what is parked before anything is sent. The records themselves are read again by their lanes. */
export class ParkedReader {
  readonly #topology: Topology;
  readonly #parkedKeys: AllParkedKeys;

  constructor(topology: Topology, parkedKeys: AllParkedKeys) {
    this.#topology = topology;
    this.#parkedKeys = parkedKeys;
  }

  /**
   * Records of a topic were fetched, in order; the next one stands at `next`. What is parked with them is known from now
   * on, as far as there is room for more: then they end before the first one for which there is none. A lane that has
   * nothing else to do may take one nevertheless, or what is known might never be settled.
   *
   * @returns those of which nothing unknown is parked
   */
  admit(topic: string, partition: number, records: KafkaRecord[], next: number, isLaneEmpty: boolean): KafkaRecord[] {
    const tier = this.#topology.retryTierOf(topic)?.name;
    if (tier === undefined) return records;
    const parkedKeys = this.#parkedKeys.of(partition);
    for (const [at, record] of records.entries()) {
      const copy = this.#copyOf(record);
      if (copy === undefined) continue;
      if (parkedKeys.has(copy)) {
        parkedKeys.join(copy);
        continue;
      }
      const { full, overfull } = this.#parkedKeys;
      if (overfull || (full && !(isLaneEmpty && at === 0))) {
        parkedKeys.readTo(tier, record.offset);
        return records.slice(0, at);
      }
      parkedKeys.join(copy);
    }
    parkedKeys.readTo(tier, next);
    return records;
  }

  /** At these offsets stands nothing that a reader may see: a copy that was known there was of an aborted transaction. */
  passed(topic: string, partition: number, offsets: readonly number[]): void {
    const tier = this.#topology.retryTierOf(topic)?.name;
    if (tier === undefined) return;
    const parkedKeys = this.#parkedKeys.of(partition);
    for (const offset of offsets) parkedKeys.forget(tier, offset);
  }

  /** Records before `earliest` are gone from the topic. */
  expired(topic: string, partition: number, earliest: number): void {
    const tier = this.#topology.retryTierOf(topic)?.name;
    if (tier !== undefined) this.#parkedKeys.of(partition).startAt(tier, earliest);
  }

  /**
   * Reads what is parked in the partitions just assigned, as far as it is not known from before: from the committed
   * offsets to the ends, through transactions that are open. Nothing may be sent earlier: it could overtake a parked event
   * of its key.
   *
   * @param starts where each partition's lane will begin to read
   */
  async learn(cluster: Cluster, assigned: Partitions, starts: Starts, closing: AbortSignal): Promise<Learnt> {
    this.#parkedKeys.keep([...assigned.values()].flat());
    return this.learnMore(cluster, assigned, starts, closing);
  }

  /**
   * Goes on where `learn` could not. One partition number after the other: of what there is no room for nothing is kept,
   * so that those before it can be worked on, and leave room.
   */
  async learnMore(cluster: Cluster, partitions: Partitions, starts: Starts, closing: AbortSignal): Promise<Learnt> {
    const unread = await this.#unread(cluster, partitions, starts);
    const corrupt: Learnt['corrupt'][number][] = [];
    const full: number[] = [];
    let records = 0;
    for (const number of [...new Set(unread.map(({ partition }) => partition))].sort((a, b) => a - b)) {
      const own = unread.filter(({ partition }) => partition === number);
      const learnt = this.#parkedKeys.full ? [] : await this.#readAll(cluster, own, closing);
      records += learnt.reduce((sum, { count }) => sum + count, 0);
      const known = learnt.length > 0 && learnt.every(({ known }) => known);
      corrupt.push(...learnt.flatMap(({ corrupt }) => corrupt));
      if (known || learnt.some(({ corrupt }) => corrupt.length > 0)) continue;
      if (learnt.length > 0) this.#parkedKeys.forget(number);
      full.push(number);
    }
    return { records, corrupt, full };
  }

  async #unread(cluster: Cluster, partitions: Partitions, starts: Starts): Promise<Unread[]> {
    const retry = new Map([...partitions].filter(([topic]) => topic !== this.#topology.source));
    const ends = await highWatermarks(cluster, retry);
    const unread: Unread[] = [];
    const { source } = this.#topology;
    for (const partition of partitions.get(source) ?? []) {
      this.#parkedKeys.of(partition).sourceFrom(starts.get(partitionKey(source, partition)) ?? 0);
    }
    for (const [topic, partitions] of retry) {
      const tier = this.#topology.tierOf(topic);
      for (const partition of partitions) {
        const key = partitionKey(topic, partition);
        const end = ends.get(key);
        // It is gone. Nothing counts as read of it, or it would of the next topic of this name.
        if (end === undefined) continue;
        const next = this.#parkedKeys.of(partition).startAt(tier, starts.get(key) ?? 0);
        if (next < end) unread.push({ topic, partition, next, end });
      }
    }
    return unread;
  }

  /** Reads partitions to their ends, as far as they can be read and there is room. */
  async #readAll(cluster: Cluster, unread: readonly Unread[], closing: AbortSignal) {
    const leaderOf = ({ topic, partition }: Unread): number =>
      cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
    const leaders = [...new Set(unread.map(leaderOf))];
    return Promise.all(
      leaders.map((leader) => {
        const own = unread.filter((at) => leaderOf(at) === leader);
        return this.#readFrom(cluster, leader, own, closing);
      }),
    );
  }

  async #readFrom(cluster: Cluster, leader: number, unread: readonly Unread[], closing: AbortSignal) {
    assertOpen(closing);
    const broker = await cluster.findBroker({ nodeId: String(leader) });
    const decided = await this.#readStretch(broker, DECIDED, unread, closing);
    const rest = unread.filter((at) => at.next < at.end && !decided.corrupt.some((batch) => isAt(batch, at)));
    const undecided = await this.#readStretch(broker, UNDECIDED, rest, closing);
    return {
      count: decided.count + undecided.count,
      corrupt: [...decided.corrupt, ...undecided.corrupt],
      known: decided.known && undecided.known,
    };
  }

  async #readStretch(broker: Broker, stretch: Stretch, unread: readonly Unread[], closing: AbortSignal) {
    const remaining = new Set(unread);
    const corrupt: Learnt['corrupt'][number][] = [];
    let count = 0;
    while (remaining.size > 0 && !this.#parkedKeys.overfull) {
      const topics = [...byTopic(remaining)].map(([topic, own]) => ({
        topic,
        partitions: own.map(({ partition, next }) => ({
          partition,
          fetchOffset: String(next),
          maxBytes: PARTITION_BYTES,
        })),
      }));
      const { responses } = await broker.fetch({ ...FETCH, isolationLevel: stretch.isolationLevel, topics });
      assertOpen(closing);
      for (const at of remaining) {
        const answer = responses
          .find(({ topicName }) => topicName === at.topic)
          ?.partitions.find(({ partition }) => partition === at.partition);
        if (answer === undefined) continue;
        const batch = fetchedBatch(at.topic, String(at.next), answer);
        if (batch.rawMessages.length > 0) {
          const records = recordsOf(batch);
          count += records.length;
          at.next = Math.max(at.next, endOfBatch(batch));
          this.#learnt(at, records, stretch);
        }
        const { corrupt: wrong } = batch.rawMessages;
        if (wrong !== undefined) corrupt.push({ ...wrong, topic: at.topic, partition: at.partition });
        if (wrong !== undefined || at.next >= stretch.end(answer)) remaining.delete(at);
      }
    }
    return { count, corrupt, known: remaining.size === 0 };
  }

  #learnt({ topic, partition, next }: Unread, records: readonly KafkaRecord[], { join }: Stretch): void {
    const parkedKeys = this.#parkedKeys.of(partition);
    for (const record of records) {
      const copy = this.#copyOf(record);
      if (copy !== undefined) join(parkedKeys, copy);
    }
    parkedKeys.readTo(this.#topology.tierOf(topic), next);
  }

  #copyOf(record: KafkaRecord): Copy | undefined {
    return copyOf(record, this.#topology, readProvenance(record, this.#topology.source));
  }
}

/** From then on, what is known may be of a later assignment. */
function assertOpen(closing: AbortSignal): void {
  if (closing.aborted) throw new Abandoned();
}
