import { setTimeout as sleep } from 'node:timers/promises';
import { untilDone } from '../../pipeline/waiting.ts';
import { findCoordinator } from '../kafkajs/coordinator.ts';
import { errorType, isCoordinatorGone, isGenerationOver, isUnreachable, UNKNOWN_TOPIC } from '../kafkajs/errors.ts';
import { Epoch, instant } from './epoch.ts';
import { leaveWhileJoining } from '../kafkajs/leave-while-joining.ts';
import type { GroupHooks } from '../kafkajs/patches/group-hooks.ts';
import type { ConsumerGroup, FetchedBatch, KafkaError } from '../kafkajs/types.ts';

/** What a membership works with. */
export interface MembershipOptions {
  readonly sessionTimeoutMs: number;
  /** How long the barrier waits for what is in flight. */
  readonly barrierMs: number;
  /** Makes lanes for the partitions just assigned. */
  readonly open: (group: ConsumerGroup, epoch: Epoch) => Promise<void>;
  /** Hands records over to their lane. */
  readonly take: (group: ConsumerGroup, batch: FetchedBatch) => void;
  /** Finishes, settles and commits what is in flight. */
  readonly drain: () => Promise<void>;
  /** The lanes are gone. */
  readonly closed: (how: { readonly clean: boolean; readonly drainedMs: number }) => void;
  /** The broker does not have the offset that was asked for. */
  readonly outOfRange: (group: ConsumerGroup, topic: string, partition: number) => Promise<void>;
  /** What it takes to begin to work could not be asked of the brokers; it is asked again. */
  readonly onTrouble: (error: unknown) => void;
  /** Looks which topics there are. */
  readonly look: (group: ConsumerGroup) => Promise<void>;
  /** A broker does not know a topic that a lane reads. */
  readonly unknownTopic: (group: ConsumerGroup) => Promise<void>;
  /** The coordinator does not let this member in; it is asked again. */
  readonly onRefused: (error: unknown) => void;
  /** The group could not be left: it waits for this member until its session is over. */
  readonly onGhost: (error: unknown) => void;
  /** The brokers answered. */
  readonly onContact: () => void;
}

/** Leaders move, brokers come and go: none of it changes who owns what, so nobody has to join again for it. */
const STALE_METADATA = [
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
];
const REFRESH_PAUSE_MS = 250;
/** How long leaving may take while a join is waiting: a broker that takes longer will not do it sooner. */
const LEAVE_WITHIN_MS = 2_000;

/** Reasons not to be let in that others can mend while this member waits. */
const REFUSALS = ['INCONSISTENT_GROUP_PROTOCOL', 'GROUP_AUTHORIZATION_FAILED', 'UNKNOWN', UNKNOWN_TOPIC];

/**
 * Belonging to the group, and the barrier around every join and leave.
 *
 * `outside` → join → `serving` → a rebalance → `closing` → join → `serving` … → leave → `outside`. In `closing` no lane
 * starts anything, each finishes its request in flight, settles it and commits it (the coordinator still takes the old
 * generation's commits while the group prepares), all buffers are dropped, and only then does the member join or leave.
 * Without the barrier each rebalance repeats whatever was in flight.
 *
 * Joins are serialised: kafkajs also starts one from inside a broker's fetch loop while the other loops go on; callers
 * share one join, and fetches wait for it.
 */
export class Membership implements GroupHooks {
  readonly #options: MembershipOptions;
  #group: ConsumerGroup | undefined;
  /** The id of a membership that was not given up. kafkajs forgets it when it crashes. */
  #memberId: string | null = null;
  #epoch: Epoch | undefined;
  #joining: Promise<void> | undefined;
  /** The group that is asked to let this member in. */
  #asked: ConsumerGroup | undefined;
  #rejoinAsked = false;
  readonly #stopping = new AbortController();
  #beating = false;
  #heartbeats: NodeJS.Timeout | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** The epoch in which lanes may work, if there is one. */
  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  get group(): ConsumerGroup | undefined {
    return this.#group;
  }

  /** Joins again at the next occasion: what there is to share has changed. */
  askRejoin(): void {
    this.#rejoinAsked = true;
  }

  /** Whether a join may still be asked for. */
  get stopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * From now on no join begins. One that is under way is given up where it still waits for other members, who may be
   * frozen: nothing is in flight then.
   *
   * @returns whether this member is out of the group by that, and its client of no more use
   */
  async stop(): Promise<boolean> {
    this.#stopping.abort();
    const [joining, asked] = [this.#joining, this.#asked];
    if (joining === undefined) return false;
    this.#epoch?.close();
    const ended = joining.catch(() => undefined);
    if (asked === undefined) {
      await ended;
      return false;
    }
    const left = asked.memberId === null ? ended : leaveWhileJoining(asked);
    const late = sleep(LEAVE_WITHIN_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('no answer')));
    await Promise.race([left, late]).catch(this.#options.onGhost);
    return true;
  }

  join(group: ConsumerGroup, inner: () => Promise<void>): Promise<void> {
    if (this.stopping) return Promise.reject(new Error('the consumer is stopping'));
    this.#joining ??= this.#rejoin(group, inner).finally(() => (this.#joining = undefined));
    return this.#joining;
  }

  async leave(_group: ConsumerGroup, inner: () => Promise<void>): Promise<void> {
    await this.#close();
    clearInterval(this.#heartbeats);
    this.#group = undefined;
    await inner();
    this.#memberId = null;
  }

  /** kafkajs gets no records: they go to their lanes, and where to read next is decided here alone. */
  async fetch(group: ConsumerGroup, inner: () => Promise<FetchedBatch[]>): Promise<[]> {
    await this.#joining;
    if (this.stopping) return [];
    if (this.#epoch === undefined || this.#rejoinAsked) {
      await sleep(REFRESH_PAUSE_MS);
      await group.joinAndSync();
      return [];
    }
    const batches = await inner();
    this.#options.onContact();
    if (this.epoch?.closing.aborted !== false) return [];
    for (const batch of batches) this.#options.take(group, batch);
    return [];
  }

  async recover(group: ConsumerGroup, error: KafkaError, inner: () => Promise<void>): Promise<void> {
    if (error.name === 'KafkaJSOffsetOutOfRange' && error.topic !== undefined && error.partition !== undefined) {
      await sleep(REFRESH_PAUSE_MS);
      return this.#options.outOfRange(group, error.topic, error.partition);
    }
    if (errorType(error) === UNKNOWN_TOPIC) {
      await sleep(REFRESH_PAUSE_MS);
      return this.#options.unknownTopic(group).catch(this.#options.onTrouble);
    }
    if (!STALE_METADATA.includes(errorType(error) ?? '') && !isUnreachable(error)) return inner();
    await sleep(REFRESH_PAUSE_MS);
    // Where no broker answers, the next fetch finds out.
    await group.cluster.refreshMetadata().catch(() => undefined);
  }

  async #rejoin(group: ConsumerGroup, inner: () => Promise<void>): Promise<void> {
    await this.#close();
    this.#rejoinAsked = false;
    await this.#joinAsBefore(group, inner);
    this.#group = group;
    this.#beat();
    const epoch = new Epoch(group.generationId ?? -1, this.#options.sessionTimeoutMs, instant());
    this.#epoch = epoch;
    const begin = async (): Promise<void> => {
      try {
        await this.#heartbeat(group, epoch);
        await this.#options.open(group, epoch);
      } catch (error) {
        // Leaders may have moved; no fetch runs that would find out.
        if (errorType(error) === UNKNOWN_TOPIC) await this.#options.look(group).catch(() => undefined);
        else await group.cluster.refreshMetadata().catch(() => undefined);
        throw error;
      }
    };
    try {
      await untilDone(begin, this.#options.onTrouble, epoch.closing);
    } catch {
      // The generation is over already; without an epoch the next fetch joins again.
      epoch.end();
      this.#epoch = undefined;
    }
  }

  /** Under another id the group would wait a whole session for the member this one was before. */
  async #joinAsBefore(group: ConsumerGroup, inner: () => Promise<void>): Promise<void> {
    group.memberId ??= this.#memberId;
    this.#asked = group;
    const ask = async (): Promise<unknown> => {
      try {
        await inner();
        return undefined;
      } catch (error) {
        if (errorType(error) === UNKNOWN_TOPIC) await this.#options.look(group);
        if (REFUSALS.includes(errorType(error) ?? '')) throw error;
        return error;
      }
    };
    try {
      const failure = await untilDone(ask, this.#options.onRefused, this.#stopping.signal);
      if (failure !== undefined) throw failure as Error;
    } finally {
      this.#asked = undefined;
      this.#memberId = group.memberId;
    }
  }

  async #close(): Promise<void> {
    const epoch = this.#epoch;
    if (epoch === undefined) return;
    const began = performance.now();
    epoch.close();
    const timeout = new AbortController();
    const late = sleep(this.#options.barrierMs, false, { signal: timeout.signal }).catch(() => false);
    const drained = this.#options.drain().then(() => true);
    const inTime = await Promise.race([drained, late]);
    timeout.abort();
    const clean = inTime && !epoch.ended.aborted;
    epoch.end();
    this.#epoch = undefined;
    this.#options.closed({ clean, drainedMs: performance.now() - began });
  }

  /**
   * Heartbeats on a timer of our own: kafkajs sends its from the fetch loop and decides by the wall clock, so that a
   * clock stepped back by an hour means none for an hour.
   */
  #beat(): void {
    clearInterval(this.#heartbeats);
    this.#heartbeats = setInterval(() => {
      const [group, epoch] = [this.#group, this.#epoch];
      if (group === undefined || epoch === undefined || this.#beating) return;
      this.#beating = true;
      this.#heartbeat(group, epoch)
        .catch(() => undefined)
        .finally(() => (this.#beating = false));
    }, this.#options.sessionTimeoutMs / 10);
  }

  async #heartbeat(group: ConsumerGroup, epoch: Epoch): Promise<void> {
    const { coordinator, groupId, memberId } = group;
    if (coordinator === null || memberId === null) return;
    const written = instant();
    try {
      await coordinator.heartbeat({ groupId, memberId, groupGenerationId: epoch.generation });
      epoch.renew(written);
      group.lastRequest = Date.now();
      this.#options.onContact();
    } catch (error) {
      if (isCoordinatorGone(error)) {
        // Nothing that a join would mend. kafkajs' own heartbeat would fail as well, and give up its consumer for it.
        group.lastRequest = Date.now();
        await findCoordinator(group);
        throw error;
      }
      // kafkajs' own next heartbeat finds out at once, and joins again.
      group.lastRequest = 0;
      if (errorType(error) === 'REBALANCE_IN_PROGRESS') {
        epoch.renew(written);
        return;
      }
      if (isGenerationOver(error)) epoch.end();
      throw error;
    }
  }
}
