import { setTimeout as sleep } from 'node:timers/promises';
import { Abandoned } from './ports.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

/** Waits `ms` milliseconds; throws `Abandoned` as soon as `closing` is aborted. */
export async function pause(ms: number, closing: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: closing });
  } catch {
    throw new Abandoned();
  }
}

/** A time by the wall clock, in epoch milliseconds, and by the monotonic one. */
export interface Due {
  readonly wall: number;
  readonly monotonic: number;
}

/**
 * Waits until one of the clocks shows the time. The wall clock may be stepped meanwhile: the monotonic time bounds how
 * long one that was put back makes it wait.
 */
export async function pauseUntil(due: Due, now: () => number, closing: AbortSignal): Promise<void> {
  const left = (): number => Math.min(due.wall - now(), due.monotonic - performance.now());
  for (let ms = left(); ms > 0; ms = left()) await pause(Math.min(ms, 1_000), closing);
}

/**
 * Asks our own infrastructure until it answers: what cannot be done now will be done later, and nothing is decided
 * about the record meanwhile. Pauses are counted from the beginning of a try: one that timed out has waited already.
 * Throws `Abandoned` when `closing` is aborted between two tries.
 */
export async function untilDone<T>(
  task: () => Promise<T>,
  onFailure: (error: unknown) => void,
  closing: AbortSignal,
): Promise<T> {
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    const began = performance.now();
    try {
      return await task();
    } catch (error) {
      if (error instanceof Abandoned) throw error;
      onFailure(error);
      const left = wait * (0.75 + Math.random() / 2) - (performance.now() - began);
      await pause(Math.max(FIRST_PAUSE_MS * 0.75, left), closing);
    }
  }
}
