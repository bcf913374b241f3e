import kafkajs, { type Consumer, type Kafka } from 'kafkajs';
import { Misconfigured } from '../core/misconfigured.ts';
import { coPartitioned, type TopicSet } from './group/assigner.ts';
import { errorType, refusalOf } from './kafkajs/client.ts';
import { instant, type Instant } from './group/epoch.ts';
import { hookGroupsOf, type Cluster } from './kafkajs/internals.ts';
import { UNKNOWN_TOPIC } from './kafkajs/metadata.ts';
import { Lanes, type LanePorts, type LaneState } from './lanes/lanes.ts';
import { Membership } from './group/membership.ts';
import { MissingTopics } from './topics/missing-topics.ts';
import { commitFirstStart } from './kafkajs/offsets.ts';

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

/** Told once, when reading has ended for a reason that only a new process can mend. */
export type Fatal = (error: Error) => void;

const LONGEST_FETCH_WAIT_MS = 250;
const METADATA_AGE_MS = 10_000;
const FETCH_BYTES = { partition: 131_072, total: 2_097_152 };

/** Reads source and retry topics as one group and gives every partition a lane. */
export class GroupConsumer {
  readonly #settings: ConsumerSettings;
  readonly #lanes: Lanes;
  readonly #missing: MissingTopics;
  readonly #membership: Membership;
  readonly #consumer: Consumer;
  #cluster!: Cluster;
  #running: Promise<void> = Promise.resolve();
  #stopping = false;
  #drained = true;
  #lastContact: Instant | undefined;

  constructor(kafka: Kafka, settings: ConsumerSettings, ports: Omit<LanePorts, 'isSuspect'>, fatal: Fatal) {
    const { sessionTimeoutMs, barrierMs, groupId, topics } = settings;
    const lanes: Lanes = new Lanes(settings, { ...ports, isSuspect: (topic) => missing.isSuspect(topic) });
    const missing: MissingTopics = new MissingTopics({
      topics,
      parkedKeys: ports.parkedKeys,
      observe: ports.observe,
      positions: (topic) => lanes.positions(topic),
      onBack: () => membership.askRejoin(),
    });
    this.#missing = missing;
    this.#settings = settings;
    this.#lanes = lanes;
    const membership = new Membership({
      sessionTimeoutMs,
      barrierMs,
      open: async (group, epoch) => {
        const problem = await missing.judge(group);
        if (problem !== undefined) fatal(new Error(problem));
        else await lanes.open(group, epoch);
      },
      take: (group, batch) => lanes.take(group, batch),
      drain: () => lanes.drain(),
      closed: (how) => {
        lanes.drop();
        this.#drained = how.clean;
        ports.observe({ kind: 'left', ...how });
      },
      outOfRange: async (group, topic, partition) => {
        const problem = await lanes.passExpired(group, topic, partition);
        if (problem === undefined) return;
        if (await missing.isRemade(group)) membership.askRejoin();
        else fatal(new Error(problem));
      },
      look: ({ cluster }) => missing.look(cluster),
      unknownTopic: async (group) => {
        await missing.look(group.cluster);
        if (missing.names.length === 0 && (await missing.isRemade(group))) membership.askRejoin();
      },
      onTrouble: (error) => ports.observe({ kind: 'join_failed', error }),
      onRefused: (error) => {
        if (errorType(error) === UNKNOWN_TOPIC) return;
        ports.observe({ kind: 'join_refused', group: groupId, reason: refusalOf(error), error });
      },
      onGhost: (error) => ports.observe({ kind: 'not_left', error }),
      onContact: () => (this.#lastContact = instant()),
    });
    this.#membership = membership;
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
          () => {
            if (membership.stopping) throw new kafkajs.KafkaJSNonRetriableError('stopping: no join is worth its while');
            return { partitions: lanes.owned, generation: membership.group?.generationId ?? -1 };
          },
          (assigner, cluster) => {
            this.#cluster = cluster;
            hookGroupsOf(assigner, membership);
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
      if (restart || this.#stopping) return;
      fatal(errorType(error) === 'INVALID_SESSION_TIMEOUT' ? sessionTimeoutRefused(sessionTimeoutMs) : error);
    });
  }

  /** When the brokers last answered; absent before the first time. */
  get lastContact(): Instant | undefined {
    return this.#lastContact;
  }

  /** Whether this member belongs to the group now. */
  get assigned(): boolean {
    return this.#membership.epoch !== undefined;
  }

  /** Source partitions that are not read because a retry or dead-letter topic lacks their number. */
  get unserved(): readonly number[] {
    return this.#lanes.unserved;
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
    await this.#cluster.addMultipleTargetTopics(topics.topology.counterparts);
    await this.#cluster.refreshMetadata();
    return commitFirstStart(this.#cluster, {
      groupId,
      startFrom,
      source: topics.topology.source,
      retryTopics: topics.read.filter((topic) => topic !== topics.topology.source),
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

  /**
   * Finishes, settles and commits what is in flight, leaves the group and disconnects.
   *
   * @returns whether all that had begun was settled and committed
   */
  async stop(): Promise<boolean> {
    this.#stopping = true;
    // Its connection waits for an answer that nobody needs any more; the process ends sooner than that comes.
    if (await this.#membership.stop()) return this.#drained;
    await this.#running.catch(() => undefined);
    await this.#consumer.disconnect();
    return this.#drained;
  }

  /** Every lane's state, with the ends of their partitions asked of the brokers. */
  states(): Promise<LaneState[]> {
    return this.#lanes.states();
  }

  /** Source, retry and dead-letter topics that were deleted, as far as that is known. */
  get missing(): readonly string[] {
    return this.#missing.names;
  }

  /** Looks whether topics that were deleted are there again. */
  async checkMissing(): Promise<void> {
    if (this.missing.length > 0 && !this.#stopping) await this.#missing.look(this.#cluster);
  }

  /** Joins again where another set of partitions can be served than at the last join. */
  checkServed(): void {
    if (this.missing.length === 0 && this.#lanes.servedChanged()) this.#membership.askRejoin();
  }
}

function sessionTimeoutRefused(sessionTimeoutMs: number): Misconfigured {
  return new Misconfigured([
    `KAFKA_SESSION_TIMEOUT: the brokers do not allow ${sessionTimeoutMs} ms; choose a time between their ` +
      `group.min.session.timeout.ms and group.max.session.timeout.ms`,
  ]);
}
