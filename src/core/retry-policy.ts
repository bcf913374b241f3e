import { durationMs } from './duration.ts';

/** One retry delay and the topic that realises it. */
export interface Tier {
  /** As configured and as in the topic's name, e.g. `30s`. */
  readonly name: string;
  readonly delayMs: number;
}

/** When an unknown result is tried again, and how long. */
export interface RetryPolicy {
  /** At least one; the last one repeats. */
  readonly tiers: readonly [Tier, ...Tier[]];
  /** Counted from the first attempt. */
  readonly maxAgeMs: number;
}

/** The tier for a record that was parked `hops` times already. */
export function tierAfter({ tiers }: RetryPolicy, hops: number): Tier {
  return tiers[Math.min(hops, tiers.length - 1)] ?? tiers[0];
}

/** Names of every topic beside the source, all derived from it. */
export function retryTopic(source: string, tier: string): string {
  return `${source}.retry.${tier}`;
}

/** Where records end that will not be tried again. */
export function deadLetterTopic(source: string): string {
  return `${source}.dead-letter`;
}

/**
 * The tier a topic belongs to: `main` for the source itself, a retry topic's delay, `undefined` for any other topic.
 * A retry topic whose delay is no longer configured is one all the same.
 */
export function tierOf(source: string, topic: string): string | undefined {
  if (topic === source) return 'main';
  const prefix = retryTopic(source, '');
  const delay = topic.startsWith(prefix) ? topic.slice(prefix.length) : '';
  return durationMs(delay) === undefined ? undefined : delay;
}
