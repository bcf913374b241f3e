import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaRecord } from '../core/record.ts';
import { Abandoned } from './ports.ts';
import type { WaitReason, Waits } from './waits.ts';

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

/** A time on both clocks. */
export interface Due {
  /** Epoch milliseconds. */
  readonly wall: number;
  /** Milliseconds of `performance.now()`. */
  readonly monotonic: number;
}

/**
 * Waits until one of the clocks shows its time. Where the wall clock is set back meanwhile, the monotonic clock bounds
 * the wait. Throws `Abandoned` as soon as `closing` is aborted.
 */
export async function pauseUntil(due: Due, now: () => number, closing: AbortSignal): Promise<void> {
  const remainingMs = (): number => Math.min(due.wall - now(), due.monotonic - performance.now());
  for (let ms = remainingMs(); ms > 0; ms = remainingMs()) await pause(Math.min(ms, 1_000), closing);
}

/**
 * Tries until it succeeds, with growing pauses: a fault of our own infrastructure is waited for, and nothing is decided
 * about a record meanwhile. A pause counts from the beginning of a try, so one that timed out is soon followed by the
 * next. Throws `Abandoned` when `closing` is aborted between two tries.
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
      const remainingMs = wait * (0.75 + Math.random() / 2) - (performance.now() - began);
      await pause(Math.max(FIRST_PAUSE_MS * 0.75, remainingMs), closing);
    }
  }
}

/** What a task comes to; throws `Abandoned` as soon as `closing` is aborted, and the task goes on unheard. */
export async function unlessClosing<T>(task: Promise<T>, closing: AbortSignal): Promise<T> {
  let giveUp = (): void => undefined;
  const closed = new Promise<never>((_, reject) => (giveUp = () => reject(new Abandoned())));
  if (closing.aborted) giveUp();
  closing.addEventListener('abort', giveUp);
  try {
    return await Promise.race([task, closed]);
  } finally {
    closing.removeEventListener('abort', giveUp);
  }
}

/** As `untilDone`; from the first failure to the end, whichever it is, the record's partition is known to wait for this. */
export async function untilDoneFor<T>(
  record: KafkaRecord,
  reason: WaitReason,
  waits: Waits,
  ...[task, onFailure, closing]: Parameters<typeof untilDone<T>>
): Promise<T> {
  let end: (() => void) | undefined;
  const failed = (error: unknown): void => {
    end ??= waits.begin(record, reason);
    onFailure(error);
  };
  try {
    return await untilDone(task, failed, closing);
  } finally {
    end?.();
  }
}
