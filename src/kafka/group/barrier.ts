import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for what is in flight before a join or a leave.
 *
 * @param ms how long at most: the group waits meanwhile, and so do all its members
 * @returns whether it was finished in time
 */
export async function drainWithin(ms: number, drain: () => Promise<void>): Promise<boolean> {
  const timeout = new AbortController();
  const late = sleep(ms, false, { signal: timeout.signal }).catch(() => false);
  const drained = drain().then(() => true);
  const inTime = await Promise.race([drained, late]);
  timeout.abort();
  return inTime;
}
