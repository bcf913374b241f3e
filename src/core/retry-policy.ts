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
