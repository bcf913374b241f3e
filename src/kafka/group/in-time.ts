import { setTimeout as sleep } from 'node:timers/promises';

/** What a task comes to; fails with `late` where that takes longer than `ms` milliseconds, and the task goes on unheard. */
export async function inTime<T>(task: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const ended = new AbortController();
  const over = sleep(ms, undefined, { signal: ended.signal }).then(() => Promise.reject(late()));
  try {
    return await Promise.race([task, over]);
  } finally {
    ended.abort();
    over.catch(() => undefined);
  }
}
