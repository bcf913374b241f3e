import type { Consumer, Kafka } from 'kafkajs';
import type { KafkaRecord } from '../core/record.ts';
import { tierOf } from '../core/retry-policy.ts';
import type { Observe, Tenure } from '../pipeline/ports.ts';
import { coPartitioned, servableNow, type TopicSet } from './assigner.ts';
import { Committer } from './committer.ts';
import type { Epoch } from './epoch.ts';
import { hookGroupsOf, type Cluster, type ConsumerGroup, type FetchedBatch } from './kafkajs-internals.ts';
import { Lane } from './lane.ts';
import { Membership } from './membership.ts';
import {
  boundaryOffsets,
  byTopic,
  commitFirstStart,
  commitOffsets,
  committedOffsets,
  partitionKey,
  type Partitions,
} from './offsets.ts';

/** How the group is read. */
export interface ConsumerSettings {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  /** How long a rebalance waits for requests in flight; below the session timeout. */
  readonly barrierMs: number;
  readonly startFrom: 'earliest' | 'latest';
  readonly topics: TopicSet;
  /** Records of different keys of one source partition in flight at once. */
  readonly concurrency: number;
}

/** A lane as seen from outside; times in epoch milliseconds, offsets as numbers. */
export interface LaneState {
  readonly topic: string;
  readonly partition: number;
  /** The offset that is, or is about to be, committed. */
  readonly front: number;
  /** The offset behind the partition's last record, where it is known. */
  readonly end: number | undefined;
  readonly oldest: KafkaRecord | undefined;
}

const LONGEST_FETCH_WAIT_MS = 250;
const METADATA_AGE_MS = 10_000;
const FETCH_BYTES = { partition: 262_144, total: 4_194_304 };

/**
 * Reads source and retry topics as one group and gives every partition a lane.
 *
 * `process` brings one record to rest; `fatal` is told once when reading has ended for a reason that only a new process
 * can mend.
 */
export class GroupConsumer {
  readonly #settings: ConsumerSettings;
  readonly #observe: Observe;
  readonly #process: (record: KafkaRecord, tenure: Tenure) => Promise<void>;
  readonly #onError: (record: KafkaRecord, error: unknown) => void;
  readonly #membership: Membership;
  readonly #consumer: Consumer;
  #cluster!: Cluster;
  #lanes = new Map<string, Lane>();
  #committer: Committer | undefined;
  #served = '';
  #unserved: readonly number[] = [];
  #owned: readonly number[] = [];
  #running: Promise<void> = Promise.resolve();
  #stopping = false;
  #lastContactAt = 0;

  constructor(
    kafka: Kafka,
    settings: ConsumerSettings,
    ports: {
      readonly observe: Observe;
      readonly process: (record: KafkaRecord, tenure: Tenure) => Promise<void>;
      readonly onError: (record: KafkaRecord, error: unknown) => void;
      readonly fatal: (error: Error) => void;
    },
  ) {
    this.#settings = settings;
    this.#observe = ports.observe;
    this.#process = ports.process;
    this.#onError = ports.onError;
    const { sessionTimeoutMs, barrierMs, groupId, topics } = settings;
    this.#membership = new Membership({
      sessionTimeoutMs,
      barrierMs,
      open: (group, epoch) => this.#open(group, epoch),
      take: (group, batch) => this.#take(group, batch),
      drain: () => this.#drain(),
      closed: (how) => this.#closed(how),
      outOfRange: (group, topic, partition) => this.#passExpired(group, topic, partition),
      onContact: () => (this.#lastContactAt = Date.now()),
    });
    this.#consumer = kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, 2 * barrierMs),
      heartbeatInterval: Math.ceil(sessionTimeoutMs / 3),
      maxWaitTimeInMs: LONGEST_FETCH_WAIT_MS,
      metadataMaxAge: METADATA_AGE_MS,
      maxBytesPerPartition: FETCH_BYTES.partition,
      maxBytes: FETCH_BYTES.total,
      allowAutoTopicCreation: false,
      partitionAssigners: [
        coPartitioned(
          topics,
          () => ({ partitions: this.#owned, generation: this.#membership.group?.generationId ?? -1 }),
          (assigner, cluster) => {
            this.#cluster = cluster;
            hookGroupsOf(assigner, this.#membership);
          },
        ),
      ],
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 2_000,
        retries: 8,
        restartOnFailure: () => Promise.resolve(!this.#stopping),
      },
    });
    this.#consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      if (!restart && !this.#stopping) ports.fatal(error);
    });
  }

  /** When the brokers last answered, in epoch milliseconds; 0 before the first time. */
  get lastContactAt(): number {
    return this.#lastContactAt;
  }

  /** Source partitions that are not read because a retry or dead-letter topic lacks their number. */
  get unserved(): readonly number[] {
    return this.#unserved;
  }

  /** Whether this member has joined the group at least once and may work now. */
  get assigned(): boolean {
    return this.#membership.epoch !== undefined;
  }

  /**
   * Connects and gives a group without offsets its start.
   *
   * @returns a refusal with its remedy where somebody has to decide first
   */
  async connect(): Promise<{ refusal: string } | undefined> {
    const { topics, groupId, startFrom } = this.#settings;
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...topics.read], fromBeginning: true });
    await this.#cluster.addMultipleTargetTopics(topics.counterparts);
    await this.#cluster.refreshMetadata();
    return commitFirstStart(this.#cluster, {
      groupId,
      startFrom,
      source: topics.source,
      retryTopics: topics.read.filter((topic) => topic !== topics.source),
      partitionsOf: (topic) => this.#cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
    });
  }

  /** Joins the group and reads until `stop`. */
  run(): void {
    this.#running = this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: () => Promise.reject(new Error('records reach their lane right from the fetch')),
    });
  }

  /** Finishes, settles and commits what is in flight, leaves the group and disconnects. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#membership.stop();
    await this.#running.catch(() => undefined);
    await this.#consumer.disconnect();
  }

  /** Every lane's state, with the ends of their partitions asked of the brokers. */
  async lanes(): Promise<LaneState[]> {
    const lanes = [...this.#lanes.values()];
    const ends = await boundaryOffsets(this.#cluster, partitionsOf(lanes), 'latest').catch(
      () => new Map<string, number>(),
    );
    return lanes.map((lane) => ({
      topic: lane.topic,
      partition: lane.partition,
      front: lane.progress().offset,
      end: ends.get(partitionKey(lane.topic, lane.partition)),
      oldest: lane.oldest,
    }));
  }

  /** Joins again where topics have grown so that more, or less, can be served than at the last join. */
  checkServed(): void {
    const { epoch } = this.#membership;
    if (
      epoch !== undefined &&
      describe(servableNow(this.#cluster, this.#settings.topics).partitions) !== this.#served
    ) {
      this.#membership.askRejoin();
    }
  }

  async #open(group: ConsumerGroup, epoch: Epoch): Promise<void> {
    const { topics, groupId, concurrency } = this.#settings;
    const assigned = new Map(group.assigned().map(({ topic, partitions }) => [topic, partitions] as const));
    const [committed, earliest] = await Promise.all([
      committedOffsets(this.#cluster, groupId, assigned),
      boundaryOffsets(this.#cluster, assigned, 'earliest'),
    ]);
    const starts = [...assigned]
      .flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })))
      .filter(({ topic, partition }) => !committed.has(partitionKey(topic, partition)))
      .map((at) => ({ ...at, offset: earliest.get(partitionKey(at.topic, at.partition)) ?? 0 }));
    const position = { groupId, memberId: group.memberId ?? '', groupGenerationId: epoch.generation };
    await commitOffsets(this.#cluster, position, starts);

    const committer = new Committer(group, epoch, this.#observe);
    this.#committer = committer;
    this.#lanes = new Map();
    for (const [topic, partitions] of assigned) {
      group.resume([{ topic, partitions }]);
      for (const partition of partitions) {
        const key = partitionKey(topic, partition);
        const lane = new Lane({
          topic,
          partition,
          committed: committed.get(key) ?? { offset: earliest.get(key) ?? 0, metadata: '' },
          concurrency: topic === topics.source ? concurrency : 1,
          tenure: epoch,
          process: this.#process,
          onMoved: (moved) => committer.moved(moved),
          onRoom: () => group.resume([{ topic, partitions: [partition] }]),
          onError: this.#onError,
        });
        this.#lanes.set(key, lane);
        this.#skipExpired(lane, earliest.get(key) ?? 0);
        pointAt(group, lane);
      }
    }
    this.#owned = [...new Set([...assigned.values()].flat())];
    const servable = servableNow(this.#cluster, topics);
    this.#served = describe(servable.partitions);
    this.#unserved = servable.unserved;
    this.#observe({ kind: 'joined', generation: epoch.generation, partitions: Object.fromEntries(assigned) });
    this.#observe({ kind: 'unserved', partitions: servable.unserved });
  }

  /**
   * Takes a batch only if it is what the lane waits for next. Anything else was fetched before a join, or for a
   * position that is no longer ours; it is read again from where the lane stands.
   */
  #take(group: ConsumerGroup, batch: FetchedBatch): void {
    const { topic, partition } = batch;
    const lane = this.#lanes.get(partitionKey(topic, partition));
    if (lane === undefined || this.#membership.epoch?.closing.aborted !== false) return;
    if (batch.rawMessages.length === 0 || lane.full) return;
    if (Number(batch.fetchedOffset) === lane.next) {
      const records = batch.messages.map((message) => ({
        topic,
        partition,
        offset: Number(message.offset),
        timestamp: Number(message.timestamp),
        key: message.key,
        value: message.value,
        headers: message.headers ?? {},
      }));
      this.#observe({
        kind: 'consumed',
        tier: tierOf(this.#settings.topics.source, topic) ?? 'main',
        count: records.length,
      });
      lane.take(records, Number(batch.lastOffset()) + 1);
      if (lane.full) group.pause([{ topic, partitions: [partition] }]);
    }
    pointAt(group, lane);
  }

  async #drain(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
    await this.#committer?.flushed();
  }

  #closed({ clean, drainedMs }: { clean: boolean; drainedMs: number }): void {
    this.#lanes = new Map();
    this.#observe({ kind: 'left', clean, drainedMs });
  }

  async #passExpired(group: ConsumerGroup, topic: string, partition: number): Promise<void> {
    const lane = this.#lanes.get(partitionKey(topic, partition));
    const earliest = await boundaryOffsets(this.#cluster, new Map([[topic, [partition]]]), 'earliest');
    if (lane === undefined) return;
    this.#skipExpired(lane, earliest.get(partitionKey(topic, partition)) ?? 0);
    pointAt(group, lane);
  }

  /** Records that the broker deleted before they were read are gone; that is told loudly, and reading goes on behind. */
  #skipExpired(lane: Lane, earliest: number): void {
    const { topic, partition, next } = lane;
    if (next >= earliest) return;
    this.#observe({ kind: 'expired', topic, partition, committed: next, earliest });
    lane.skipTo(earliest);
  }
}

/** Makes kafkajs fetch what the lane waits for; its own bookkeeping counts in records already read. */
function pointAt(group: ConsumerGroup, { topic, partition, next }: Lane): void {
  group.resolveOffset({ topic, partition, offset: String(next - 1) });
}

function partitionsOf(lanes: readonly Lane[]): Partitions {
  return new Map([...byTopic(lanes)].map(([topic, own]) => [topic, own.map(({ partition }) => partition)]));
}

function describe(partitions: Partitions): string {
  return [...partitions].map(([topic, numbers]) => `${topic}:${numbers.length}`).join(' ');
}
