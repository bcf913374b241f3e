import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition gives a value other than false and undefined, and fails with what it waited for. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  { withinMs = 60_000, everyMs = 25 } = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (performance.now() > deadline) throw new Error(`waited ${String(withinMs / 1_000)} s in vain for: ${what}`);
    await sleep(everyMs);
  }
}
