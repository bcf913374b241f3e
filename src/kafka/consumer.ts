import type { Consumer, ConsumerConfig, Kafka } from 'kafkajs';
import { Misconfigured } from '../core/misconfigured.ts';
import { coPartitioned, type MemberClaim, type TopicSet } from './group/assigner.ts';
import { RejoinRequest } from './group/collaborators.ts';
import type { Instant } from './group/epoch.ts';
import { commitFirstStart } from './group/first-start.ts';
import type { MemberState, MemberView } from './group/member-state.ts';
import { Membership, type MembershipSettings } from './group/membership.ts';
import { errorType } from './kafkajs/errors.ts';
import { hookedConsumer } from './kafkajs/hooked-consumer.ts';
import { kafkajs } from './kafkajs/patched.ts';
import { notAllowed } from './kafkajs/remedies.ts';
import type { Cluster } from './kafkajs/types.ts';
import type { LaneState } from './lanes/lane-watch.ts';
import type { LanePorts } from './lanes/lane-ports.ts';
import { Lanes } from './lanes/lanes.ts';
import { Given } from './topics/given.ts';
import { MissingTopics } from './topics/missing-topics.ts';
import { ReadTopics } from './topics/read-topics.ts';

/** Its `barrierMs` is below the session timeout. */
export interface ConsumerSettings extends MembershipSettings {
  readonly groupId: string;
  readonly startFrom: 'earliest' | 'latest';
  readonly topics: TopicSet;
  /** Records of different keys of one source partition in flight at once. */
  readonly concurrency: number;
}

/** Told once, when reading has ended for a reason that only a new process can mend. */
export type Fatal = (error: Error) => void;

const LONGEST_FETCH_WAIT_MS = 250;
const METADATA_AGE_MS = 10_000;
/** A join stops the whole group for a moment, and a leader of an older version gives nothing else at the next one. */
const ASKED_AGAIN_AFTER_MS = 30_000;
const FETCH_BYTES = { partition: 131_072, total: 2_097_152 };

/** Reads source and retry topics as one group and gives every partition a lane. */
export class GroupConsumer {
  readonly #settings: ConsumerSettings;
  readonly #lanes: Lanes;
  readonly #missing: MissingTopics;
  readonly #given: Given;
  readonly #rejoin = new RejoinRequest();
  readonly #membership: Membership;
  readonly #consumer: Consumer;
  readonly #cluster: Cluster;
  #running: Promise<void> = Promise.resolve();
  /** Monotonic milliseconds. */
  #askedForMore = Number.NEGATIVE_INFINITY;

  constructor(
    kafka: Kafka,
    settings: ConsumerSettings,
    ports: Omit<LanePorts, 'isSuspect' | 'unknownTopic' | 'joinAgain'>,
    fatal: Fatal,
  ) {
    const topics = new ReadTopics(settings.topics);
    const { observe, parkedKeys, waits } = ports;
    const suspects = new Map<string, () => void>();
    const lanes = new Lanes(
      { ...settings, topics },
      {
        ...ports,
        isSuspect: (topic) => suspects.has(topic),
        unknownTopic: (group) => this.#missing.unknownTopic(group),
        joinAgain: () => this.#rejoin.ask(),
      },
    );
    const missing = new MissingTopics({
      ...{ topics, parkedKeys, waits, observe, lanes, suspects, fatal },
      ...{ groupId: settings.groupId, rejoin: this.#rejoin },
    });
    const membership = new Membership(settings, lanes, missing, this.#rejoin, observe);
    const claim = (): MemberClaim => {
      if (membership.stopping) throw new kafkajs.KafkaJSNonRetriableError('stopping: no join is worth its while');
      return { partitions: lanes.owned, generation: membership.generation };
    };
    const restartOnFailure = (): Promise<boolean> => Promise.resolve(!membership.stopping);
    const config = consumerConfig(settings, restartOnFailure);
    const { consumer, cluster } = hookedConsumer(kafka, config, coPartitioned(topics, claim), membership);
    consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      if (restart || membership.stopping) return;
      fatal(crashOf(error, settings));
    });
    const given = new Given(settings.groupId, topics, this.#rejoin, observe);
    consumer.on('consumer.received_unsubscribed_topics', ({ payload }) =>
      given.unread(payload.topicsNotSubscribed, payload.generationId),
    );
    this.#given = given;
    this.#settings = settings;
    this.#lanes = lanes;
    this.#missing = missing;
    this.#membership = membership;
    this.#consumer = consumer;
    this.#cluster = cluster;
  }

  /** When the brokers last answered; absent before the first time. */
  get lastContact(): Instant | undefined {
    return this.#membership.lastContact;
  }

  /** When a broker last answered a fetch, or nothing had to be fetched of it; absent before the first time. */
  get lastPoll(): Instant | undefined {
    return this.#membership.lastPoll;
  }

  /** A member that reads another source than the group is not let in, though it is a member. */
  get state(): MemberState {
    const { state, generation } = this.#membership;
    return state !== 'outside' && this.#given.refusedIn === generation ? 'joining' : state;
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
    // Its connection waits for an answer that nobody needs any more; the process ends sooner than that comes.
    if (await this.#membership.stop()) return this.#membership.drained;
    await this.#running.catch(() => undefined);
    await this.#consumer.disconnect();
    return this.#membership.drained;
  }

  /** This member as the group knows it. */
  get member(): MemberView {
    return this.#membership.view;
  }

  /** Every lane's state, with the ends of their partitions as they were told last. */
  statesNow(): LaneState[] {
    return this.#lanes.statesNow();
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
    if (this.missing.length > 0 && !this.#membership.stopping) await this.#missing.look(this.#cluster);
  }

  /** Joins again where another set of partitions can be served than at the last join, or should have been. */
  checkServed(): void {
    if (this.missing.length > 0) return;
    const now = performance.now();
    const asksForMore = this.#lanes.isIncomplete && now - this.#askedForMore >= ASKED_AGAIN_AFTER_MS;
    if (asksForMore) this.#askedForMore = now;
    if (asksForMore || this.#lanes.servedChanged()) this.#rejoin.ask();
  }
}

function consumerConfig(
  { groupId, sessionTimeoutMs, barrierMs }: ConsumerSettings,
  restartOnFailure: () => Promise<boolean>,
): ConsumerConfig {
  return {
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(sessionTimeoutMs, 2 * barrierMs),
    // Its own go out only where ours have stopped: they wait for a silent coordinator as long as for any other answer.
    heartbeatInterval: Math.ceil(sessionTimeoutMs / 2),
    maxWaitTimeInMs: LONGEST_FETCH_WAIT_MS,
    metadataMaxAge: METADATA_AGE_MS,
    maxBytesPerPartition: FETCH_BYTES.partition,
    maxBytes: FETCH_BYTES.total,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8, restartOnFailure },
  };
}

/** Why the consumer has ended for good, in words of an operator where it is known. */
function crashOf(error: Error, { sessionTimeoutMs, topics }: ConsumerSettings): Error {
  const type = errorType(error);
  if (type === 'INVALID_SESSION_TIMEOUT') return sessionTimeoutRefused(sessionTimeoutMs);
  if (type !== 'TOPIC_AUTHORIZATION_FAILED') return error;
  // The broker does not say which of them.
  return new Misconfigured(topics.read.map((topic) => `reading has ended: ${notAllowed(['READ'], topic)}`));
}

function sessionTimeoutRefused(sessionTimeoutMs: number): Misconfigured {
  return new Misconfigured([
    `KAFKA_SESSION_TIMEOUT: the brokers do not allow ${sessionTimeoutMs} ms; choose a time between their ` +
      `group.min.session.timeout.ms and group.max.session.timeout.ms`,
  ]);
}
