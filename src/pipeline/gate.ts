import { beginHold, mayProbe, OPEN, probeLeft, probeReturned, type Hold, type ProbeFinding } from '../core/hold.ts';
import type { Outcome } from '../core/outcome.ts';
import { Abandoned, type Enter, type Observe, type Pass } from './ports.ts';

interface Waiter {
  readonly grant: (pass: Pass) => void;
}

/** Limits of the whole process. */
export interface GateSettings {
  readonly maxInFlight: number;
  /** Requests per second; 0 = no cap. */
  readonly maxRate: number;
}

/**
 * The one place every request passes right before it is sent: it knows the hold, the requests in flight and the rate.
 *
 * Lanes queue here in the order they come. While held, one of them at a time is let through as a probe; a lane whose
 * probe is refused queues again behind the others, so probes go round the lanes' heads.
 */
export class Gate {
  readonly #settings: GateSettings;
  readonly #observe: Observe;
  /** Monotonic milliseconds. */
  readonly #clock: () => number;
  readonly #waiters = new Set<Waiter>();
  #hold: Hold = OPEN;
  #inFlight = 0;
  #nextSendAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: GateSettings, observe: Observe, clock: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#observe = observe;
    this.#clock = clock;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  readonly enter: Enter = (closing) => {
    if (closing.aborted) return Promise.reject(new Abandoned());
    if (this.#waiters.size === 0 && this.#waitMs() <= 0) return Promise.resolve(this.#pass());
    return new Promise<Pass>((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiters.delete(waiter);
        reject(new Abandoned());
      };
      const waiter: Waiter = {
        grant: (pass) => {
          closing.removeEventListener('abort', giveUp);
          resolve(pass);
        },
      };
      closing.addEventListener('abort', giveUp, { once: true });
      this.#waiters.add(waiter);
      this.#letThrough();
    });
  };

  #letThrough(): void {
    for (const waiter of this.#waiters) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#wakeIn(waitMs);
        return;
      }
      this.#waiters.delete(waiter);
      waiter.grant(this.#pass());
    }
  }

  /** Milliseconds until the next waiter may pass; infinite where something else has to happen first. */
  #waitMs(): number {
    const now = this.#clock();
    if (this.#inFlight >= this.#settings.maxInFlight) return Number.POSITIVE_INFINITY;
    if (this.#hold.kind === 'open') return this.#nextSendAt - now;
    if (mayProbe(this.#hold, now)) return 0;
    return this.#hold.probing ? Number.POSITIVE_INFINITY : this.#hold.nextProbeAt - now;
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#letThrough(), Math.ceil(ms));
  }

  #pass(): Pass {
    const { maxRate } = this.#settings;
    const probe = this.#hold.kind === 'held';
    this.#inFlight += 1;
    if (maxRate > 0) this.#nextSendAt = Math.max(this.#clock(), this.#nextSendAt) + 1_000 / maxRate;
    if (this.#hold.kind === 'held') this.#hold = probeLeft(this.#hold);
    return {
      keyTurn: 0,
      done: (outcome, paymentId) => {
        this.#inFlight -= 1;
        if (probe) this.#probed(outcome, paymentId);
        else if (outcome?.kind === 'systemic') this.#begin(outcome.code, paymentId);
        this.#letThrough();
        return outcome?.kind === 'systemic' || (probe && this.#hold.kind === 'held') ? 'again' : 'settle';
      },
    };
  }

  #begin(reason: string, paymentId: string): void {
    if (this.#hold.kind === 'held') return;
    this.#hold = beginHold(this.#hold, reason, this.#clock(), Math.random());
    this.#observe({ kind: 'hold_began', reason, paymentId });
  }

  #probed(outcome: Outcome | undefined, paymentId: string): void {
    if (this.#hold.kind === 'open') return;
    const { reason, since } = this.#hold;
    const now = this.#clock();
    const found = finding(outcome, reason);
    this.#hold = probeReturned(this.#hold, found, now, Math.random());
    if (found.kind === 'nothing') return;
    const nextProbeInMs = this.#hold.kind === 'held' ? this.#hold.nextProbeAt - now : 0;
    this.#observe({ kind: 'hold_probed', reason, ended: found.kind === 'ended', nextProbeInMs });
    if (this.#hold.kind === 'held' && this.#hold.reason === reason) return;
    this.#observe({ kind: 'hold_ended', reason, heldMs: now - since });
    if (this.#hold.kind === 'held') this.#observe({ kind: 'hold_began', reason: this.#hold.reason, paymentId });
  }
}

/** What a probe's outcome says of the hold: only a trustworthy answer that is not systemic ends it. */
function finding(outcome: Outcome | undefined, reason: string): ProbeFinding {
  if (outcome === undefined) return { kind: 'nothing' };
  if (outcome.kind === 'systemic') return { kind: 'still_held', reason: outcome.code };
  if (outcome.kind === 'no_result') return { kind: 'still_held', reason };
  return { kind: 'ended' };
}
