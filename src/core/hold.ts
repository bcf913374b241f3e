import { refusesForTraffic, type Outcome } from './outcome.ts';

/**
 * The hold: while a fault concerns every event, sending stops but for one probe at a time.
 *
 * `open` → a systemic answer, or too many payments in a row without a trustworthy result → `held` → a probe's trustworthy
 * answer → `open`. Requests are numbered as they leave, from 1; times are milliseconds on the caller's clock.
 */
export type Hold = Open | Held;

/** Sending goes on. */
export interface Open {
  readonly kind: 'open';
  /** The request whose answer ended the last hold; what left before it says nothing of the present. */
  readonly since: number;
  /** The payments whose attempts had no trustworthy result, in a row. */
  readonly unanswered: ReadonlySet<string>;
  /** Each of them was answered, but by nobody to be trusted, and was not merely asked to wait. */
  readonly untrusted: boolean;
}

/** Only probes leave. */
export interface Held {
  readonly kind: 'held';
  /** The result code that began it, `outage` or `untrusted_response`. */
  readonly reason: string;
  readonly since: number;
  readonly probes: number;
  /** Probes sent while our key was what was refused. */
  readonly keyTurns: number;
  readonly nextProbeAt: number;
  /** A probe is on its way; there is never a second one. */
  readonly probing: boolean;
}

/** A request that has come back. */
export interface Returned {
  readonly number: number;
  readonly paymentId: string;
  readonly outcome: Outcome;
}

const FIRST_PAUSE_MS = 1_000;
/** With jitter 5 s at most: as soon as that after a fault has ended the first request is on its way. */
const LONGEST_PAUSE_MS = 4_000;
const JITTER = 0.25;

/** Refusals that another of our key versions may cure. */
const KEY_REFUSED: ReadonlySet<string> = new Set(['KEY_NOT_FOUND', 'INVALID_SIGNATURE']);

/** Nothing is held. */
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

/** Whether the gateway has answered, whatever it said of the payment: nothing is wrong that concerns everyone. */
export function isTrustworthy(outcome: Outcome): boolean {
  return outcome.kind !== 'systemic' && outcome.kind !== 'no_result';
}

/**
 * A request that was no probe has come back. While held it changes nothing: it left before.
 *
 * @param outageAfter how many payments in a row without a trustworthy result hold; 0 = none do
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

/** Whether a probe may leave now. */
export function mayProbe(hold: Held, now: number): boolean {
  return !hold.probing && now >= hold.nextProbeAt;
}

/** A probe leaves. The pause to the next one counts from here, so that a probe without an answer makes it no longer. */
export function probeLeft(hold: Held, now: number, chance: number): Held {
  const probes = hold.probes + 1;
  const keyTurns = hold.keyTurns + (KEY_REFUSED.has(hold.reason) ? 1 : 0);
  return { ...hold, probing: true, probes, keyTurns, nextProbeAt: now + pauseMs(probes, chance) };
}

/** Which key version the probe that has just left is to be signed with: 0 the one in use, 1, 2, 3… each at hand in turn. */
export function keyTurn({ reason, keyTurns }: Held): number {
  return KEY_REFUSED.has(reason) ? keyTurns : 0;
}

/** A probe has come back; without an outcome where it was given up, and then the next one may leave at once. */
export function probeReturned(hold: Held, number: number, outcome: Outcome | undefined, now: number): Hold {
  if (outcome === undefined) return { ...hold, probing: false, nextProbeAt: now };
  if (isTrustworthy(outcome)) return openSince(number);
  return { ...hold, probing: false, reason: reasonAfter(hold.reason, outcome) };
}

/** Versions of our key can be refused by different codes: as they take turns the reason stays. */
function reasonAfter(reason: string, outcome: Outcome): string {
  if (outcome.kind !== 'systemic') return reason;
  return KEY_REFUSED.has(reason) && KEY_REFUSED.has(outcome.code) ? reason : outcome.code;
}

function openSince(since: number): Open {
  return { kind: 'open', since, unanswered: new Set(), untrusted: true };
}

function begin(reason: string, now: number, chance: number): Held {
  const nextProbeAt = now + pauseMs(0, chance);
  return { kind: 'held', reason, since: now, probes: 0, keyTurns: 0, nextProbeAt, probing: false };
}
