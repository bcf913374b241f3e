import type { Provenance } from './provenance.ts';

/** A payment is notified in time when that happens within so many milliseconds after it became final. */
export const OBJECTIVE_MS = 30_000;

/** What of a settlement the objective depends on; times in epoch milliseconds. */
export interface Settlement {
  /** As it was before this settlement. */
  readonly provenance: Pick<Provenance, 'notBefore' | 'redriveId'>;
  readonly finalAt: number;
  readonly at: number;
  readonly as:
    | { readonly verdict: 'delivered' }
    | { readonly verdict: 'parked'; readonly notBefore: number }
    | { readonly verdict: 'dead_lettered' };
}

/**
 * How a settlement counts towards the objective; `undefined` where it does not count, does not count yet or has
 * counted.
 *
 * A payment counts once: bad as soon as it is known to be late, which is when it is parked to a time past the
 * objective. Whether that was counted is read from the record's own headers, so the answer survives restarts and other
 * members: only `notBefore` decides, there and here. (A record that waits behind another may be parked late to a time
 * that has passed; it is due at once, and counted then.) A redriven letter was counted when it became a dead letter.
 */
export function judgeObjective({ provenance, finalAt, at, as }: Settlement): 'good' | 'bad' | undefined {
  const late = (time: number | undefined): boolean => time !== undefined && time - finalAt >= OBJECTIVE_MS;
  if (provenance.redriveId !== undefined || late(provenance.notBefore)) return undefined;
  switch (as.verdict) {
    case 'delivered':
      return late(at) ? 'bad' : 'good';
    case 'parked':
      return late(as.notBefore) ? 'bad' : undefined;
    case 'dead_lettered':
      return 'bad';
  }
}

/** Whether a record is sent again on purpose: its origin is older than `replayBefore`, both in epoch milliseconds. */
export function isReplay({ origin }: Pick<Provenance, 'origin'>, replayBefore: number | undefined): boolean {
  return replayBefore !== undefined && origin.timestamp < replayBefore;
}
