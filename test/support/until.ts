import { setTimeout as sleep } from 'node:timers/promises';

/** Looking takes time of its own, and of whoever is looked at. */
const MOST_PAUSE_MS = 100;

/**
 * Waits until the condition gives a value other than false and undefined, and fails with what it waited for. The longer it
 * takes, the less often it looks.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  { withinMs = 60_000, everyMs = 25 } = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + withinMs;
  for (let pauseMs = everyMs; ; pauseMs = Math.max(everyMs, Math.min(pauseMs * 1.2, MOST_PAUSE_MS))) {
    const value = await condition();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (performance.now() > deadline) throw new Error(`waited ${String(withinMs / 1_000)} s in vain for: ${what}`);
    await sleep(pauseMs);
  }
}
