import { refusesForTraffic, type Outcome } from './outcome.ts';

/**
 * The hold: while a fault concerns every event, nothing is sent but one probe at a time.
 *
 * It begins with a systemic answer, or with too many payments in a row without a trustworthy result, and ends with the
 * first trustworthy answer to a probe. Requests are numbered from 1, in the order in which they leave; times are
 * milliseconds on the caller's clock.
 */
export type Hold = Open | Held;

/** No hold: requests are sent as usual. */
export interface Open {
  readonly kind: 'open';
  /** The request whose answer ended the last hold. What was sent before it says nothing about the present. */
  readonly since: number;
  /** The payments whose attempts had no trustworthy result, in a row. */
  readonly unanswered: ReadonlySet<string>;
  /** Each of them had an answer, but one whose signature proves nothing and that did not merely ask to wait. */
  readonly untrusted: boolean;
}

/** Only probes are sent. */
export interface Held {
  readonly kind: 'held';
  /** The result code that began it, `outage` or `untrusted_response`. */
  readonly reason: string;
  readonly since: number;
  readonly probes: number;
  /** Probes that were sent while our key was what the gateway refused. */
  readonly keyProbes: number;
  readonly nextProbeAt: number;
  /** A probe has been sent and has not come back; there is never a second one. */
  readonly probing: boolean;
}

/** A request that has come back. */
export interface Returned {
  readonly number: number;
  readonly paymentId: string;
  readonly outcome: Outcome;
}

const FIRST_PAUSE_MS = 1_000;
/** 5 s with jitter: no later than that after the end of a fault, a probe finds out. */
const LONGEST_PAUSE_MS = 4_000;
const JITTER = 0.25;

/** Refusals that another of our key versions may cure. */
const KEY_REFUSED: ReadonlySet<string> = new Set(['KEY_NOT_FOUND', 'INVALID_SIGNATURE']);

export const OPEN: Open = openSince(0);

/**
 * The pause before try number `tries` (0 for the first): 1, 2 and from then on 4 s, and up to a quarter more, so that
 * members do not try in step.
 *
 * @param chance 0 to 1, drawn by the caller
 */
export function pauseMs(tries: number, chance: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS) * (1 + JITTER * chance);
}

/**
 * Whether the gateway has given a proper answer about the payment, whichever: then nothing is wrong that concerns all.
 */
export function isTrustworthy(outcome: Outcome): boolean {
  return outcome.kind !== 'systemic' && outcome.kind !== 'no_result';
}

/**
 * A request that was no probe has come back. It changes nothing while held, since it was sent before the hold began.
 *
 * @param outageAfter how many payments in a row without a trustworthy result begin a hold; 0 = never
 */
export function requestReturned(
  hold: Hold,
  { number, paymentId, outcome }: Returned,
  outageAfter: number,
  now: number,
  chance: number,
): Hold {
  if (hold.kind === 'held' || number < hold.since) return hold;
  if (outcome.kind === 'systemic') return begin(outcome.code, now, chance);
  if (outcome.kind !== 'no_result') return openSince(hold.since);
  if (outageAfter === 0) return hold;
  const unanswered = new Set(hold.unanswered).add(paymentId);
  const untrusted = hold.untrusted && outcome.reason === 'untrusted_response' && !refusesForTraffic(outcome);
  if (unanswered.size < outageAfter) return { ...hold, unanswered, untrusted };
  return begin(untrusted ? 'untrusted_response' : 'outage', now, chance);
}

/** Whether a probe may be sent now. */
export function mayProbe(hold: Held, now: number): boolean {
  return !hold.probing && now >= hold.nextProbeAt;
}

/** A probe is sent. The pause before the next one counts from here, so waiting for an answer does not lengthen it. */
export function probeSent(hold: Held, now: number, chance: number): Held {
  const probes = hold.probes + 1;
  const keyProbes = hold.keyProbes + (KEY_REFUSED.has(hold.reason) ? 1 : 0);
  return { ...hold, probing: true, probes, keyProbes, nextProbeAt: now + pauseMs(probes, chance) };
}

/** Which key version signs the probe just sent: 0 the one in use; 1, 2, 3… try each version at hand in turn. */
export function keyChoice({ reason, keyProbes }: Held): number {
  return KEY_REFUSED.has(reason) ? keyProbes : 0;
}

/** A probe has come back. Without an outcome it was given up, and the next one may be sent at once. */
export function probeReturned(hold: Held, number: number, outcome: Outcome | undefined, now: number): Hold {
  if (outcome === undefined) return { ...hold, probing: false, nextProbeAt: now };
  if (isTrustworthy(outcome)) return openSince(number);
  return { ...hold, probing: false, reason: reasonAfter(hold.reason, outcome) };
}

/** Different versions of our key can be refused with different codes; the reason does not change with each of them. */
function reasonAfter(reason: string, outcome: Outcome): string {
  if (outcome.kind !== 'systemic') return reason;
  return KEY_REFUSED.has(reason) && KEY_REFUSED.has(outcome.code) ? reason : outcome.code;
}

function openSince(since: number): Open {
  return { kind: 'open', since, unanswered: new Set(), untrusted: true };
}

function begin(reason: string, now: number, chance: number): Held {
  const nextProbeAt = now + pauseMs(0, chance);
  return { kind: 'held', reason, since: now, probes: 0, keyProbes: 0, nextProbeAt, probing: false };
}
