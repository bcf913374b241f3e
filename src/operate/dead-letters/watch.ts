import type { Reading } from '../evidence.ts';
import { Stopped } from './close-letters.ts';
import { deadAgainCounter, isFailing } from './dead-again.ts';
import { askService } from '../service-status.ts';

/** What a redrive looks at while it runs. */
export interface Watched {
  readonly id: string;
  /** How many letters the same plan sent before, in a run that did not come to its end. */
  readonly sentBefore: number;
  readonly statusUrl: string;
  readonly reading: Omit<Reading, 'progress'>;
  /** Aborted when another run has taken this one's place. */
  readonly lost: AbortSignal;
}

const LOOKS_EVERY_MS = 1_000;

/**
 * Looks, once a second, whether a redrive may go on: not while the service holds sending, and not where what was sent
 * comes back.
 *
 * @returns throws `Stopped`, with the reason, where it may not
 */
export function watch({ id, sentBefore, statusUrl, reading, lost }: Watched): (sent: number) => Promise<void> {
  const countDeadAgain = deadAgainCounter(id, reading);
  let lookedAt = Number.NEGATIVE_INFINITY;
  return async (sent) => {
    if (lost.aborted) throw new Stopped((lost.reason as Error).message);
    if (performance.now() - lookedAt < LOOKS_EVERY_MS) return;
    lookedAt = performance.now();
    const [{ hold }, deadAgain] = await Promise.all([askService(statusUrl, reading.signal), countDeadAgain()]);
    if (hold !== undefined) throw new Stopped(held(hold));
    const sentInAll = sentBefore + sent;
    if (isFailing(sentInAll, deadAgain)) {
      throw new Stopped(
        `${deadAgain} of ${sentInAll} letters became dead letters again; find out why before the rest is sent`,
      );
    }
  };
}

/** Why nothing is sent while the service holds. */
export function held(reason: string): string {
  return `the service holds sending (${reason}), so what is sent now would only wait; redrive when the hold is over`;
}
