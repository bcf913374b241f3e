import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for what is in flight before a join or a leave.
 *
 * @param ms how long at most: the group waits meanwhile, and so do all its members
 * @param drain tells whether all that had begun was finished
 * @returns whether it was, in time
 */
export async function drainWithin(ms: number, drain: () => Promise<boolean>): Promise<boolean> {
  const timeout = new AbortController();
  const late = sleep(ms, false, { signal: timeout.signal }).catch(() => false);
  const drained = await Promise.race([drain(), late]);
  timeout.abort();
  return drained;
}
