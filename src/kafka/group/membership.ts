import { setTimeout as sleep } from 'node:timers/promises';
import type { Observe } from '../../pipeline/ports.ts';
import { untilDone } from '../../pipeline/waiting.ts';
import { errorType, UNKNOWN_TOPIC } from '../kafkajs/errors.ts';
import { holdsEpoch, viewOf, type MemberState, type MemberView, type State } from './member-state.ts';
import type { GroupHooks } from '../kafkajs/patches/group-hooks.ts';
import type { ConsumerGroup, FetchedBatch, KafkaError } from '../kafkajs/types.ts';
import { drainWithin, type BarrierLimits } from './barrier.ts';
import type { RejoinRequest, TopicWatch, Work } from './collaborators.ts';
import { Epoch, instant, type Instant } from './epoch.ts';
import { recoverFromFetch } from './fetch-recovery.ts';
import { Heartbeats } from './heartbeats.ts';
import { giveUpJoin, joinOnceMore } from './last-joins.ts';
import { untilLetIn } from './letting-in.ts';

export interface MembershipSettings extends BarrierLimits {
  readonly sessionTimeoutMs: number;
}

const NO_EPOCH_PAUSE_MS = 250;
const STOPPING_PAUSE_MS = 10;

/**
 * Belonging to the group, and the barrier around every join and leave.
 *
 * - `outside`: nothing is held. Begins here; the next fetch joins.
 * - `joining`: the coordinator is asked to let this member in, again and again where others can mend why it does not.
 *   Let in → `serving`; given up, or refused for good → `outside`.
 * - `serving`: an epoch is open. Heartbeats renew it, lanes are made and work. A rebalance or a leave → `closing`; a
 *   generation that is over before there were lanes → `outside`.
 * - `closing`: no lane starts anything, each finishes its request in flight, settles it and commits it (the coordinator
 *   still takes the old generation's commits while the group prepares). Then, or when the barrier's time is over, the
 *   epoch ends, all buffers are dropped, and the member is `outside`. Only then does it join or leave.
 *
 * Without the barrier each rebalance repeats whatever was in flight.
 *
 * A join, from closing the old epoch to lanes in the new one, is one promise: kafkajs also starts one from inside a
 * broker's fetch loop while the other loops go on; callers share it, and fetches wait for it.
 */
export class Membership implements GroupHooks {
  readonly #settings: MembershipSettings;
  readonly #work: Work;
  readonly #topics: TopicWatch;
  readonly #rejoin: RejoinRequest;
  readonly #observe: Observe;
  readonly #heartbeats: Heartbeats;
  readonly #stopping = new AbortController();
  #state: State = { kind: 'outside' };
  #since = Date.now();
  #join: Promise<void> | undefined;
  /** The group that let this member in last, until this member leaves it; kafkajs makes a new one after each crash. */
  #joined: ConsumerGroup | undefined;
  /** The id of a membership that was not given up. kafkajs forgets it when it crashes. */
  #memberId: string | null = null;
  #lastContact: Instant | undefined;
  #lastPoll: Instant | undefined;
  #drained = true;

  constructor(settings: MembershipSettings, work: Work, topics: TopicWatch, rejoin: RejoinRequest, observe: Observe) {
    this.#settings = settings;
    this.#work = work;
    this.#topics = topics;
    this.#rejoin = rejoin;
    this.#observe = observe;
    this.#heartbeats = new Heartbeats(settings.sessionTimeoutMs, () => (this.#lastContact = instant()));
  }

  /** Outside, too, where the coordinator has said that the generation is over, and the next join is not begun. */
  get state(): MemberState {
    return this.#state.kind === 'serving' && this.#state.epoch.ended.aborted ? 'outside' : this.#state.kind;
  }

  get view(): MemberView {
    return viewOf(this.#state, this.#since);
  }

  /** The generation this member was let in with last; -1 where it has left, or was never in. */
  get generation(): number {
    return this.#joined?.generationId ?? -1;
  }

  /** When the brokers last answered; absent before the first time. */
  get lastContact(): Instant | undefined {
    return this.#lastContact;
  }

  /** When a broker last answered a fetch, or nothing had to be fetched of it; absent before the first time. */
  get lastPoll(): Instant | undefined {
    return this.#lastPoll;
  }

  /** Whether all that had begun was settled and committed when the last epoch ended. */
  get drained(): boolean {
    return this.#drained;
  }

  /** Whether no join may begin any more. */
  get stopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * From now on no join begins. One that is under way is given up where it still waits for other members, who may be
   * frozen: nothing is in flight then. Where a commit is in doubt, there is one more join first, which ends that.
   *
   * @returns whether this member is out of the group by that, and its client of no more use
   */
  async stop(): Promise<boolean> {
    if (this.#work.isInDoubt && this.#joined !== undefined) await joinOnceMore(this.#joined);
    this.#stopping.abort();
    const [join, state] = [this.#join, this.#state];
    if (join === undefined) return false;
    if (holdsEpoch(state)) state.epoch.close();
    const ended = join.catch(() => undefined);
    if (state.kind !== 'joining') {
      await ended;
      return false;
    }
    await giveUpJoin(state.group, ended, this.#observe);
    return true;
  }

  join(group: ConsumerGroup, inner: () => Promise<void>): Promise<void> {
    if (this.stopping) return Promise.reject(new Error('the consumer is stopping'));
    this.#join ??= this.#joinAnew(group, inner).finally(() => (this.#join = undefined));
    return this.#join;
  }

  async leave(_group: ConsumerGroup, inner: () => Promise<void>): Promise<void> {
    await this.#close();
    this.#joined = undefined;
    await inner();
    this.#memberId = null;
  }

  /** kafkajs gets no records: they go to their lanes, and where to read next is decided here alone. */
  async fetch(group: ConsumerGroup, inner: () => Promise<FetchedBatch[]>): Promise<[]> {
    await this.#join;
    if (this.stopping) {
      // kafkajs asks again at once, before anything else in this process gets its turn.
      await sleep(STOPPING_PAUSE_MS);
      return [];
    }
    if (this.#needsToJoin()) {
      await sleep(NO_EPOCH_PAUSE_MS);
      // Another broker's fetch may have joined meanwhile.
      if (this.#needsToJoin()) await group.joinAndSync();
      return [];
    }
    const batches = await inner();
    this.#lastContact = this.#lastPoll = instant();
    const now = this.#state;
    if (!holdsEpoch(now) || now.epoch.closing.aborted) return [];
    for (const batch of batches) this.#work.take(group, batch);
    return [];
  }

  readonly mayWait = (topic: string): boolean => this.#topics.mayWait(topic);

  recover(group: ConsumerGroup, error: KafkaError, inner: () => Promise<void>): Promise<void> {
    return recoverFromFetch(group, error, inner, this.#topics, this.#observe);
  }

  #needsToJoin(): boolean {
    return !holdsEpoch(this.#state) || this.#rejoin.isPending;
  }

  /** The one place where the state changes: heartbeats go out while an epoch is held, and only then. */
  #become(state: State): void {
    if (state.kind !== this.#state.kind) this.#since = Date.now();
    this.#state = state;
    if (state.kind === 'serving') this.#heartbeats.start(state.group, state.epoch);
    else if (state.kind !== 'closing') this.#heartbeats.stop();
  }

  async #joinAnew(group: ConsumerGroup, inner: () => Promise<void>): Promise<void> {
    await this.#close();
    const epoch = await this.#enter(group, inner);
    await this.#begin(group, epoch);
  }

  /** Under another id the group would wait a whole session for the member this one was before. */
  async #enter(group: ConsumerGroup, inner: () => Promise<void>): Promise<Epoch> {
    group.memberId ??= this.#memberId;
    this.#become({ kind: 'joining', group });
    // What was asked for before a try is fulfilled by it, also where the try before has failed.
    const join = async (): Promise<void> => {
      await this.#topics.listAnew(group);
      this.#rejoin.fulfil();
      await inner();
    };
    try {
      await untilLetIn(group, join, this.#topics, this.#observe, this.#stopping.signal);
    } catch (error) {
      this.#become({ kind: 'outside' });
      throw error;
    } finally {
      this.#memberId = group.memberId;
    }
    this.#joined = group;
    const epoch = new Epoch(group.generationId ?? -1, this.#settings.sessionTimeoutMs, instant());
    this.#become({ kind: 'serving', group, epoch });
    return epoch;
  }

  async #begin(group: ConsumerGroup, epoch: Epoch): Promise<void> {
    const begin = async (): Promise<void> => {
      try {
        await this.#heartbeats.beat(group, epoch);
        const known = await this.#topics.admit(group);
        if (known === undefined) return;
        await this.#work.open(group, epoch, known);
        this.#topics.begun();
      } catch (error) {
        // Leaders may have moved; no fetch runs that would find out.
        if (errorType(error) === UNKNOWN_TOPIC) await this.#topics.look(group.cluster).catch(() => undefined);
        else await group.cluster.refreshMetadata().catch(() => undefined);
        throw error;
      }
    };
    try {
      await untilDone(begin, (error) => this.#observe({ kind: 'join_failed', error }), epoch.closing);
    } catch {
      // The generation is over already; without an epoch the next fetch joins again.
      epoch.end();
      this.#become({ kind: 'outside' });
    }
  }

  async #close(): Promise<void> {
    const state = this.#state;
    if (!holdsEpoch(state)) return;
    const { group, epoch } = state;
    const began = performance.now();
    epoch.close();
    this.#become({ kind: 'closing', group, epoch });
    const drained = await drainWithin(
      this.#settings,
      () => epoch.callLast(),
      () => this.#work.drain(),
    );
    const clean = drained && !epoch.ended.aborted;
    epoch.end();
    const now = this.#state;
    if (holdsEpoch(now) && now.epoch === epoch) this.#become({ kind: 'outside' });
    this.#drained = clean;
    this.#work.closed();
    this.#observe({ kind: 'left', clean, drainedMs: performance.now() - began });
  }
}
