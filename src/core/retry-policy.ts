/** One retry delay; its records wait in a topic of their own. */
export interface Tier {
  /** The delay as it is configured and as it ends the topic's name, e.g. `30s`. */
  readonly name: string;
  readonly delayMs: number;
}

/** When a notification without a final result is sent again, and when that ends. */
export interface RetryPolicy {
  /** In the order of attempts; the last one repeats. */
  readonly tiers: readonly [Tier, ...Tier[]];
  /** After so long, counted from the first attempt, there is no further one. */
  readonly maxAgeMs: number;
}

/** The tier for a record that was parked `hops` times already. */
export function tierAfter({ tiers }: RetryPolicy, hops: number): Tier {
  return tiers[Math.min(hops, tiers.length - 1)] ?? tiers[0];
}
