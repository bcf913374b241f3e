const CUT = 0.1;
/** After so long the rate is again what was accepted before the cut. */
const REGAINED_MS = 5_000;
/** A limit so many times what was accepted, and not refused, limits nothing. */
const FORGOTTEN_AT = 10;
/** Below one request every two seconds nothing would ever be learnt. */
const LOWEST_CEILING = 0.5 / (1 - CUT);
const CREDIT_MS = 20;

/**
 * How fast requests may leave: the configured cap, and beneath it what the gateway has shown it takes.
 *
 * There is no limit of the second kind until the gateway refuses a request for the traffic. Then sending falls to nine
 * tenths of the rate it accepted, comes back to that rate within 5 s, stays about there, and rises ever faster: a cap
 * that stands is touched every ten seconds or so and costs a few refusals, one that is gone is forgotten in half a minute.
 *
 * Requests are numbered as they leave, from 1; times are milliseconds on the caller's clock, rates are per second.
 */
export class Pace {
  readonly #maxRate: number;
  readonly #accepted = new RecentRate();
  #cut: { readonly at: number; readonly ceiling: number; readonly number: number } | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  /** @param maxRate 0 = no cap */
  constructor(maxRate: number) {
    this.#maxRate = maxRate === 0 ? Number.POSITIVE_INFINITY : maxRate;
  }

  /** Requests per second; infinite where nothing limits them. */
  limit(now: number): number {
    return Math.min(this.#maxRate, this.#adapted(now));
  }

  /** Whether the gateway's refusals, and not the configuration, say how fast requests leave. */
  isAdapted(now: number): boolean {
    return this.#adapted(now) < this.#maxRate;
  }

  /** Milliseconds until the next request may leave. */
  waitMs(now: number): number {
    return this.limit(now) === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.#nextAt - now);
  }

  /** A request leaves. Requests are evenly spaced; what a late timer has cost is made up, if it was not much. */
  left(now: number): void {
    this.#nextAt = Math.max(this.#nextAt, now - CREDIT_MS) + 1_000 / this.limit(now);
  }

  /** A request was answered, and not refused for the traffic. */
  accepted(now: number): void {
    this.#accepted.count(now);
  }

  /**
   * A request was refused for the traffic. One that left before the last cut tells nothing new.
   *
   * @param left the last request that has left by now
   */
  refused(number: number, left: number, now: number): void {
    if (this.#cut !== undefined && number <= this.#cut.number) return;
    const sinceCutMs = now - (this.#cut?.at ?? now);
    const accepted = this.#accepted.perSecond(now, sinceCutMs);
    this.#cut = { at: now, ceiling: Math.max(accepted, LOWEST_CEILING), number: left };
  }

  #adapted(now: number): number {
    if (this.#cut === undefined) return Number.POSITIVE_INFINITY;
    const { at, ceiling } = this.#cut;
    const grown = 1 + CUT * ((now - at) / REGAINED_MS - 1) ** 3;
    return grown > FORGOTTEN_AT ? Number.POSITIVE_INFINITY : ceiling * grown;
  }
}

const SLOT_MS = 100;
const SLOTS = 50;
const ENOUGH = 10;

/** Counts in slots of a tenth of a second, the last five seconds of them. */
class RecentRate {
  readonly #slots: number[] = [];
  #newest = 0;

  count(now: number): void {
    this.#advance(now);
    const at = this.#newest % SLOTS;
    this.#slots[at] = (this.#slots[at] ?? 0) + 1;
  }

  /** Over the last `overMs`, a second at least; where that holds too few to tell, over as much longer as it takes. */
  perSecond(now: number, overMs: number): number {
    this.#advance(now);
    const slots = Math.max(1_000, overMs) / SLOT_MS;
    let count = 0;
    let oldest = this.#newest;
    for (let back = 0; back < SLOTS && (back < slots || count < ENOUGH); back += 1) {
      const slot = this.#newest - back;
      const inSlot = this.#slots[((slot % SLOTS) + SLOTS) % SLOTS] ?? 0;
      if (inSlot > 0) oldest = slot;
      count += inSlot;
    }
    return (count * 1_000) / Math.max(1_000, now - oldest * SLOT_MS);
  }

  #advance(now: number): void {
    const current = Math.floor(now / SLOT_MS);
    for (let slot = Math.max(this.#newest + 1, current - SLOTS + 1); slot <= current; slot += 1) {
      this.#slots[slot % SLOTS] = 0;
    }
    this.#newest = Math.max(this.#newest, current);
  }
}
