/**
 * The hold: while a fault concerns every event, sending stops but for one probe at a time.
 *
 * `open` → a systemic answer → `held` → a probe's answer shows that the fault is gone → `open`. Pauses between probes
 * grow from 1 s to 30 s and are jittered, so that members do not probe in step.
 */
export type Hold =
  | { readonly kind: 'open' }
  | {
      readonly kind: 'held';
      /** The result code that began it. */
      readonly reason: string;
      /** Milliseconds on the caller's clock, as all times here. */
      readonly since: number;
      readonly probes: number;
      readonly nextProbeAt: number;
      /** A probe is on its way; there is never a second one. */
      readonly probing: boolean;
    };

type Held = Extract<Hold, { kind: 'held' }>;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Nothing is held. */
export const OPEN: Hold = { kind: 'open' };

/**
 * The pause before probe number `probes` (0 for the first).
 *
 * @param chance 0 to 1, drawn by the caller
 */
export function probePauseMs(probes: number, chance: number): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(probes, 10), LONGEST_PAUSE_MS);
  return Math.min(pause * (1 + 0.25 * chance), LONGEST_PAUSE_MS);
}

/** Begins a hold; one that is already there stays as it is, whatever else is refused meanwhile. */
export function beginHold(hold: Hold, reason: string, now: number, chance: number): Held {
  if (hold.kind === 'held') return hold;
  return { kind: 'held', reason, since: now, probes: 0, nextProbeAt: now + probePauseMs(0, chance), probing: false };
}

/** Whether a probe may leave now. */
export function mayProbe(hold: Held, now: number): boolean {
  return !hold.probing && now >= hold.nextProbeAt;
}

/** A probe leaves. */
export function probeLeft(hold: Held): Held {
  return { ...hold, probing: true, probes: hold.probes + 1 };
}

/** What a probe found: the fault is still there (and the code it was told by), it is gone, or nothing was learnt. */
export type ProbeFinding =
  { readonly kind: 'still_held'; readonly reason: string } | { readonly kind: 'ended' } | { readonly kind: 'nothing' };

/** A probe came back. */
export function probeReturned(hold: Held, found: ProbeFinding, now: number, chance: number): Hold {
  switch (found.kind) {
    case 'ended':
      return OPEN;
    case 'nothing':
      return { ...hold, probing: false };
    case 'still_held':
      return { ...hold, reason: found.reason, probing: false, nextProbeAt: now + probePauseMs(hold.probes, chance) };
  }
}
