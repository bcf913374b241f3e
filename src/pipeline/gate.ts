import { isTrustworthy, mayProbe, type Hold } from '../core/hold.ts';
import { refusesForTraffic, type Outcome } from '../core/outcome.ts';
import { Pace } from '../core/pace.ts';
import { Ramp } from '../core/ramp.ts';
import {
  attemptReturned,
  attemptGivenUp,
  attemptStarted,
  NOTHING_SENT,
  type StartedAttempt,
  type NextStep,
} from '../core/sending.ts';
import { Abandoned, type Enter, type Observe, type Pass, type RecordResult } from './ports.ts';
import { SendQueue } from './send-queue.ts';

/** Limits of the whole process. */
export interface GateSettings {
  readonly maxInFlight: number;
  /** Requests per second; 0 = no cap. */
  readonly maxRate: number;
  /** Payments in a row without a trustworthy result before a hold; 0 = never. */
  readonly outageHoldAfter: number;
}

type Waiter = (pass: Pass) => void;

/**
 * Every request passes here right before it is sent. The gate knows the hold, the requests in flight and the rate. What
 * they mean is judged in `core`; here lanes wait and are woken.
 *
 * While held, one lane at a time may send, as a probe. A lane whose probe is refused queues again behind the others, so
 * the lanes take turns.
 */
export class Gate {
  readonly #settings: GateSettings;
  readonly #observe: Observe;
  /** Monotonic milliseconds. */
  readonly #clock: () => number;
  readonly #queue = new SendQueue<Waiter>();
  readonly #pace: Pace;
  #sending = NOTHING_SENT;
  /** Limits the requests in flight after a hold; absent before the first one. */
  #ramp: Ramp | undefined;
  #inFlight = 0;
  #slowed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: GateSettings, observe: Observe, clock: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#observe = observe;
    this.#clock = clock;
    this.#pace = new Pace(settings.maxRate);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many requests may be sent per second now; 0 where nothing limits them. */
  get rateLimit(): number {
    const limit = this.#pace.limit(this.#clock());
    return limit === Number.POSITIVE_INFINITY ? 0 : limit;
  }

  readonly enter: Enter = (closing, from) => {
    if (closing.aborted) return Promise.reject(new Abandoned());
    return new Promise<Pass>((resolve, reject) => {
      const abandon = (): void => {
        this.#queue.remove(waiter);
        reject(new Abandoned());
      };
      const waiter: Waiter = (pass) => {
        closing.removeEventListener('abort', abandon);
        resolve(pass);
      };
      closing.addEventListener('abort', abandon);
      this.#queue.add(waiter, from);
      this.#letThrough();
    });
  };

  #letThrough(): void {
    while (this.#queue.size > 0) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#wakeIn(waitMs);
        return;
      }
      const waiter = this.#queue.take(this.#sending.hold.kind === 'held');
      waiter?.(this.#pass());
    }
  }

  /** Milliseconds until the next lane may send; infinite where something else has to happen first. */
  #waitMs(): number {
    const now = this.#clock();
    const { hold } = this.#sending;
    if (this.#inFlight >= this.#settings.maxInFlight) return Number.POSITIVE_INFINITY;
    if (hold.kind === 'open') return this.#ramp?.isFull === true ? Number.POSITIVE_INFINITY : this.#pace.waitMs(now);
    if (mayProbe(hold, now)) return 0;
    return hold.probing ? Number.POSITIVE_INFINITY : hold.nextProbeAt - now;
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#letThrough(), Math.ceil(ms));
  }

  #pass(): Pass {
    const now = this.#clock();
    const [sending, attempt] = attemptStarted(this.#sending, now, Math.random());
    this.#sending = sending;
    this.#inFlight += 1;
    this.#pace.sent(now);
    this.#ramp?.sent();
    return {
      keyChoice: attempt.keyChoice,
      done: (result) => {
        const next = this.#returned(attempt, result);
        this.#letThrough();
        return next;
      },
    };
  }

  #returned(attempt: StartedAttempt, result: RecordResult | undefined): NextStep {
    const now = this.#clock();
    this.#inFlight -= 1;
    this.#ramp?.returned(attempt.number, result !== undefined && isTrustworthy(result.outcome));
    if (result === undefined) {
      this.#sending = attemptGivenUp(this.#sending, attempt, now);
      return { kind: 'settle' };
    }
    const outageAfter = this.#outageAfter(attempt, result.outcome);
    this.#paced(attempt, result.outcome, now);
    const { hold } = this.#sending;
    const [sending, next] = attemptReturned(this.#sending, attempt, result, outageAfter, now, Math.random());
    this.#sending = sending;
    this.#tellHold(hold, attempt, result, now);
    if (sending.hold.kind !== hold.kind) this.#ramp = new Ramp(sending.lastSent);
    return next;
  }

  /**
   * An unsigned refusal for the traffic is answered by sending slower: it begins no hold as long as that can help. Where
   * even one request every two seconds brings nothing else, nobody is there who could take one, and that is an outage: on
   * and on at that pace, payments would in time become dead letters.
   */
  #outageAfter({ number }: StartedAttempt, outcome: Outcome): number {
    const canBeSlower = refusesForTraffic(outcome) && !this.#pace.sentAtLowest(number);
    return canBeSlower ? 0 : this.#settings.outageHoldAfter;
  }

  #paced({ number }: StartedAttempt, outcome: Outcome, now: number): void {
    if (refusesForTraffic(outcome)) this.#pace.refused(number, this.#sending.lastSent, now);
    else if (outcome.kind !== 'no_result') this.#pace.accepted(number, now);
    const slowed = this.#pace.isAdapted(now);
    if (slowed === this.#slowed) return;
    this.#slowed = slowed;
    this.#observe({ kind: 'pace', limited: slowed, perSecond: this.rateLimit });
  }

  #tellHold(before: Hold, { probe }: StartedAttempt, { paymentId, trace }: RecordResult, now: number): void {
    const { hold } = this.#sending;
    const reason = hold.kind === 'held' ? hold.reason : undefined;
    const reasonBefore = before.kind === 'held' ? before.reason : undefined;
    if (before.kind === 'held' && probe) {
      const nextProbeInMs = hold.kind === 'held' ? Math.max(0, hold.nextProbeAt - now) : 0;
      this.#observe({ kind: 'hold_probed', reason: before.reason, ended: hold.kind === 'open', nextProbeInMs });
    }
    if (reason === reasonBefore) return;
    if (before.kind === 'held')
      this.#observe({ kind: 'hold_ended', reason: before.reason, heldMs: now - before.since });
    if (reason !== undefined) this.#observe({ kind: 'hold_began', reason, paymentId, trace });
  }
}
