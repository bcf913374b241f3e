import { COUNTED_MS, RecentCount } from './recent-count.ts';

const CUT = 0.1;
/** After so long the rate is again what was accepted before the cut. */
const REGAINED_MS = 5_000;
/** A limit so many times what was accepted, and not refused, limits nothing. */
const FORGOTTEN_AT = 10;
/** Below one request every two seconds nothing would ever be learnt. */
const LOWEST_CEILING = 0.5 / (1 - CUT);
const CREDIT_MS = 20;
/** So much of the recent requests may be refused for the traffic, and nothing is lowered. */
const TOLERATED = 0.05;
/** One refusal may be anything, though of a few requests it is more than what is tolerated. */
const FEWEST_REFUSALS = 2;
/** Recent are the requests answered within a second; where those are fewer than 300, as many, of five seconds at most. */
const RECENT = { ms: 1_000, enough: 300, atMostMs: 5_000 };
/** What the gateway accepts is measured over a second at least, where requests have left for so long, and ten of them. */
const MEASURED = { ms: 1_000, enough: 10 };

/** From when on, and from where, sending comes back. */
interface Cut {
  readonly at: number;
  /** Requests per second that were accepted when it was made. */
  readonly ceiling: number;
  /** The last request that had left before. */
  readonly number: number;
  /** Nothing limited the rate before. */
  readonly isFirst: boolean;
  /** Later requests have left at the lowest rate there is. */
  readonly lowestFrom: number;
}

/**
 * How fast requests may leave: the configured cap, and beneath it what the gateway has shown it takes.
 *
 * There is no limit of the second kind until the gateway refuses more than a twentieth of the recent requests for the
 * traffic; one that refuses a few whatever the rate would otherwise be sent less and less. Then sending falls to nine
 * tenths of the rate it accepted, comes back to that rate within 5 s, stays about there, and rises ever faster: a cap
 * that stands is touched every ten seconds or so and costs a few refusals, one that is gone is forgotten in half a minute.
 *
 * What it accepts is measured from cut to cut: a gateway that saves up what was not used has given it all at either end.
 * At the first cut there is only what has come back so far, and a burst is refused before most of it has; so what was in
 * flight then raises the rate as it comes back, and no cut is below what one round trip has carried.
 *
 * Requests are numbered as they leave, from 1; times are milliseconds on the caller's clock, rates are per second.
 */
export class Pace {
  readonly #maxRate: number;
  readonly #accepted = new RecentCount();
  readonly #answered = new RecentCount();
  /** Of those, what has left since the last cut. */
  #refused = new RecentCount();
  #cut: Cut | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  #lastLeft = Number.NEGATIVE_INFINITY;
  /** Since when requests have left without a break of a second, or with none but those that a cut has made. */
  #busySince = 0;

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

  /** Whether a request has left when refusals had brought the rate down as far as it goes. */
  sentAtLowest(number: number): boolean {
    return this.#cut !== undefined && number > this.#cut.lowestFrom;
  }

  /** Milliseconds until the next request may leave. */
  waitMs(now: number): number {
    return this.limit(now) === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.#nextAt - now);
  }

  /** A request leaves. Requests are evenly spaced; what a late timer has cost is made up, if it was not much. */
  sent(now: number): void {
    if (this.#isUnlimited(now) && now - this.#lastLeft >= MEASURED.ms) this.#busySince = now;
    this.#lastLeft = now;
    this.#nextAt = Math.max(this.#nextAt, now - CREDIT_MS) + 1_000 / this.limit(now);
  }

  /** A request was answered, and not refused for the traffic. */
  accepted(number: number, now: number): void {
    this.#answered.count(now);
    this.#accepted.count(now);
    if (this.#cut?.isFirst !== true || number > this.#cut.number) return;
    const ceiling = this.#acceptedPerSecond(this.#cut.at, now);
    if (ceiling > this.#cut.ceiling) this.#cut = { ...this.#cut, ceiling, lowestFrom: Number.POSITIVE_INFINITY };
  }

  /**
   * A request was refused for the traffic. One that left before the last cut tells nothing new.
   *
   * @param@param lastSent the last request that was sent by now
   */
  refused(number: number, lastSent: number, now: number): void {
    if (this.#cut !== undefined && number <= this.#cut.number) return;
    this.#answered.count(now);
    this.#refused.count(now);
    if (!this.#refusesTooMany(now)) return;
    const before = this.#isUnlimited(now) ? undefined : this.#cut;
    const ceiling = Math.max(this.#acceptedPerSecond(before?.at ?? now, now), LOWEST_CEILING);
    const lowestFrom =
      ceiling > LOWEST_CEILING ? Number.POSITIVE_INFINITY : Math.min(lastSent, before?.lowestFrom ?? lastSent);
    this.#cut = { at: now, ceiling, number: lastSent, isFirst: before === undefined, lowestFrom };
    this.#refused = new RecentCount();
  }

  #refusesTooMany(now: number): boolean {
    const enough = this.#answered.sinceEnough(RECENT.enough, now - RECENT.atMostMs, now);
    const from = Math.min(now - RECENT.ms, enough);
    const refused = this.#refused.since(from, now);
    return refused >= FEWEST_REFUSALS && refused > TOLERATED * this.#answered.since(from, now);
  }

  /** Over the time since `from`, or longer where that is too short to tell; never over one in which nothing was to send. */
  #acceptedPerSecond(from: number, now: number): number {
    const earliest = Math.max(this.#busySince, now - COUNTED_MS);
    const enough = this.#accepted.sinceEnough(MEASURED.enough, earliest, now);
    const begin = Math.max(earliest, Math.min(from, now - MEASURED.ms, enough));
    return (this.#accepted.since(begin, now) * 1_000) / Math.max(1, now - begin);
  }

  #isUnlimited(now: number): boolean {
    return this.#adapted(now) === Number.POSITIVE_INFINITY;
  }

  #adapted(now: number): number {
    if (this.#cut === undefined) return Number.POSITIVE_INFINITY;
    const { at, ceiling } = this.#cut;
    const grown = 1 + CUT * ((now - at) / REGAINED_MS - 1) ** 3;
    return grown > FORGOTTEN_AT ? Number.POSITIVE_INFINITY : ceiling * grown;
  }
}
