import { setTimeout as sleep } from 'node:timers/promises';

/** How long a join or a leave waits for what is in flight: the group waits meanwhile, and so do all its members. */
export interface BarrierLimits {
  readonly barrierMs: number;
  /** When what only has to be told is given up, so that what is done can still be committed; before `barrierMs`. */
  readonly lastCallMs: number;
}

/**
 * Waits for what is in flight before a join or a leave.
 *
 * @param drain tells whether all that had begun was finished
 * @returns whether it was, in time
 */
export async function drainWithin(
  { barrierMs, lastCallMs }: BarrierLimits,
  callLast: () => void,
  drain: () => Promise<boolean>,
): Promise<boolean> {
  const over = new AbortController();
  const { signal } = over;
  const late = sleep(barrierMs, false, { signal }).catch(() => false);
  sleep(lastCallMs, undefined, { signal }).then(callLast, () => undefined);
  const drained = await Promise.race([drain(), late]);
  over.abort();
  return drained;
}
