import { isTrustworthy, mayProbe, type Hold } from '../core/hold.ts';
import { refusesForTraffic, type Outcome } from '../core/outcome.ts';
import { Pace } from '../core/pace.ts';
import { Ramp } from '../core/ramp.ts';
import { comeBack, giveUp, leave, NOTHING_SENT, type Answer, type Departure, type Verdict } from '../core/sending.ts';
import { Abandoned, type Enter, type Observe, type Pass } from './ports.ts';
import { Turns } from './turns.ts';

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
 * The one place every request passes right before it is sent: it knows the hold, the requests in flight and the rate.
 * What they mean is judged in `core`; here lanes wait, and are woken.
 *
 * While held, one lane at a time is let through as a probe; a lane whose probe is refused queues again behind the
 * others, so probes go round the lanes' heads.
 */
export class Gate {
  readonly #settings: GateSettings;
  readonly #observe: Observe;
  /** Monotonic milliseconds. */
  readonly #clock: () => number;
  readonly #turns = new Turns<Waiter>();
  readonly #pace: Pace;
  #sending = NOTHING_SENT;
  /** There since the first hold: how many may be in flight, until that is more than ever are. */
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

  /** Requests per second that may leave now; 0 where nothing limits them. */
  get rateLimit(): number {
    const limit = this.#pace.limit(this.#clock());
    return limit === Number.POSITIVE_INFINITY ? 0 : limit;
  }

  readonly enter: Enter = (closing, from) => {
    if (closing.aborted) return Promise.reject(new Abandoned());
    return new Promise<Pass>((resolve, reject) => {
      const abandon = (): void => {
        this.#turns.remove(waiter);
        reject(new Abandoned());
      };
      const waiter: Waiter = (pass) => {
        closing.removeEventListener('abort', abandon);
        resolve(pass);
      };
      closing.addEventListener('abort', abandon);
      this.#turns.add(waiter, from);
      this.#letThrough();
    });
  };

  #letThrough(): void {
    while (this.#turns.size > 0) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#wakeIn(waitMs);
        return;
      }
      const waiter = this.#turns.take(this.#sending.hold.kind === 'held');
      waiter?.(this.#pass());
    }
  }

  /** Milliseconds until the next waiter may pass; infinite where something else has to happen first. */
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
    const [sending, departure] = leave(this.#sending, now, Math.random());
    this.#sending = sending;
    this.#inFlight += 1;
    this.#pace.left(now);
    this.#ramp?.left();
    return {
      keyTurn: departure.keyTurn,
      done: (answer) => {
        const verdict = this.#returned(departure, answer);
        this.#letThrough();
        return verdict;
      },
    };
  }

  #returned(departure: Departure, answer: Answer | undefined): Verdict {
    const now = this.#clock();
    this.#inFlight -= 1;
    this.#ramp?.returned(departure.number, answer !== undefined && isTrustworthy(answer.outcome));
    if (answer === undefined) {
      this.#sending = giveUp(this.#sending, departure, now);
      return { kind: 'settle' };
    }
    const outageAfter = this.#outageAfter(departure, answer.outcome);
    this.#paced(departure, answer.outcome, now);
    const { hold } = this.#sending;
    const [sending, verdict] = comeBack(this.#sending, departure, answer, outageAfter, now, Math.random());
    this.#sending = sending;
    this.#tellHold(hold, departure, answer.paymentId, now);
    if (sending.hold.kind !== hold.kind) this.#ramp = new Ramp(sending.left);
    return verdict;
  }

  /**
   * An unsigned refusal for the traffic is answered by sending slower: it begins no hold as long as that can help. Where
   * even one request every two seconds brings nothing else, nobody is there who could take one, and that is an outage: on
   * and on at that pace, payments would in time become dead letters.
   */
  #outageAfter({ number }: Departure, outcome: Outcome): number {
    const canBeSlower = refusesForTraffic(outcome) && !this.#pace.leftAtLowest(number);
    return canBeSlower ? 0 : this.#settings.outageHoldAfter;
  }

  #paced({ number }: Departure, outcome: Outcome, now: number): void {
    if (refusesForTraffic(outcome)) this.#pace.refused(number, this.#sending.left, now);
    else if (outcome.kind !== 'no_result') this.#pace.accepted(number, now);
    const slowed = this.#pace.isAdapted(now);
    if (slowed === this.#slowed) return;
    this.#slowed = slowed;
    this.#observe({ kind: 'pace', limited: slowed, perSecond: this.rateLimit });
  }

  #tellHold(before: Hold, { probe }: Departure, paymentId: string, now: number): void {
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
    if (reason !== undefined) this.#observe({ kind: 'hold_began', reason, paymentId });
  }
}
