import { copyOf } from '../../core/parked-keys.ts';
import { readProvenance } from '../../core/provenance.ts';
import type { KafkaRecord } from '../../core/record.ts';
import type { Topology } from '../../core/topology.ts';
import type { AllParkedKeys } from '../../pipeline/all-parked-keys.ts';
import { Abandoned } from '../../pipeline/ports.ts';
import { Batch, READ_COMMITTED, recordsOf } from '../kafkajs/fetched.ts';
import type { Cluster } from '../kafkajs/types.ts';
import { boundaryOffsets, byTopic, partitionKey, type Partitions } from '../kafkajs/offsets.ts';
import type { CorruptBatch } from '../wire/record-batches.ts';

const FETCH = { minBytes: 1, maxWaitTime: 250, maxBytes: 4_194_304, isolationLevel: READ_COMMITTED };
const PARTITION_BYTES = 1_048_576;

/** Where lanes begin to read, by `partitionKey`. */
export type Starts = ReadonlyMap<string, number>;

/** A retry partition that is not wholly known, and from where. */
interface Unread {
  readonly topic: string;
  readonly partition: number;
  next: number;
}

/** What was read of retry topics, and where it could not be read on. */
export interface Learnt {
  /** How many records were read. */
  readonly records: number;
  /** Nothing of these partition numbers may be sent before they are read as well. */
  readonly corrupt: readonly (CorruptBatch & { readonly topic: string; readonly partition: number })[];
}

/** Finds out what is parked before anything is sent. The records themselves are read again by their lanes. */
export class ParkedReader {
  readonly #topology: Topology;
  readonly #parkedKeys: AllParkedKeys;

  constructor(topology: Topology, parkedKeys: AllParkedKeys) {
    this.#topology = topology;
    this.#parkedKeys = parkedKeys;
  }

  /** Records of a retry topic were read, in order; the next one stands at `next`. */
  seen(topic: string, partition: number, records: readonly KafkaRecord[], next: number): void {
    const tier = this.#topology.retryTierOf(topic)?.name;
    if (tier === undefined) return;
    const parkedKeys = this.#parkedKeys.of(partition);
    for (const record of records) {
      const copy = copyOf(record, this.#topology, readProvenance(record, this.#topology.source));
      if (copy !== undefined) parkedKeys.join(copy);
    }
    parkedKeys.readTo(tier, next);
  }

  /** Records before `earliest` are gone from the topic. */
  expired(topic: string, partition: number, earliest: number): void {
    const tier = this.#topology.retryTierOf(topic)?.name;
    if (tier !== undefined) this.#parkedKeys.of(partition).startAt(tier, earliest);
  }

  /**
   * Reads what is parked in the partitions just assigned, as far as it is not known from before: from the committed
   * offsets to the last stable ones. Nothing may be sent earlier: it could overtake a parked event of its key.
   *
   * @param starts where each partition's lane will begin to read
   */
  async learn(cluster: Cluster, assigned: Partitions, starts: Starts, closing: AbortSignal): Promise<Learnt> {
    this.#parkedKeys.keep([...assigned.values()].flat());
    return this.learnMore(cluster, assigned, starts, closing);
  }

  /** Goes on where `learn` could not. */
  async learnMore(cluster: Cluster, partitions: Partitions, starts: Starts, closing: AbortSignal): Promise<Learnt> {
    const retry = new Map([...partitions].filter(([topic]) => topic !== this.#topology.source));
    const ends = await boundaryOffsets(cluster, retry, 'latest');
    const unread: Unread[] = [];
    for (const [topic, partitions] of retry) {
      const tier = this.#topology.tierOf(topic);
      for (const partition of partitions) {
        const key = partitionKey(topic, partition);
        const next = this.#parkedKeys.of(partition).startAt(tier, starts.get(key) ?? 0);
        if (next < (ends.get(key) ?? 0)) unread.push({ topic, partition, next });
      }
    }
    const leaderOf = ({ topic, partition }: Unread): number =>
      cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
    const leaders = [...new Set(unread.map(leaderOf))];
    const learnt = await Promise.all(
      leaders.map((leader) => {
        const own = unread.filter((at) => leaderOf(at) === leader);
        return this.#readAll(cluster, leader, own, closing);
      }),
    );
    return {
      records: learnt.reduce((sum, { records }) => sum + records, 0),
      corrupt: learnt.flatMap(({ corrupt }) => corrupt),
    };
  }

  /** Reads partitions of one leader to their last stable offsets, as far as they can be read. */
  async #readAll(cluster: Cluster, leader: number, unread: readonly Unread[], closing: AbortSignal): Promise<Learnt> {
    const broker = await cluster.findBroker({ nodeId: String(leader) });
    const remaining = new Set(unread);
    let count = 0;
    const corrupt: Learnt['corrupt'][number][] = [];
    while (remaining.size > 0) {
      if (closing.aborted) throw new Abandoned();
      const topics = [...byTopic(remaining)].map(([topic, own]) => ({
        topic,
        partitions: own.map(({ partition, next }) => ({
          partition,
          fetchOffset: String(next),
          maxBytes: PARTITION_BYTES,
        })),
      }));
      const { responses } = await broker.fetch({ ...FETCH, topics });
      for (const at of remaining) {
        const answer = responses
          .find(({ topicName }) => topicName === at.topic)
          ?.partitions.find(({ partition }) => partition === at.partition);
        if (answer === undefined) continue;
        const batch = new Batch(at.topic, String(at.next), answer);
        if (batch.rawMessages.length > 0) {
          const records = recordsOf(batch);
          count += records.length;
          at.next = Math.max(at.next, Number(batch.lastOffset()) + 1);
          this.seen(at.topic, at.partition, records, at.next);
        }
        const { corrupt: wrong } = batch.rawMessages;
        if (wrong !== undefined) corrupt.push({ ...wrong, topic: at.topic, partition: at.partition });
        if (wrong !== undefined || at.next >= Number(answer.lastStableOffset)) remaining.delete(at);
      }
    }
    return { records: count, corrupt };
  }
}
