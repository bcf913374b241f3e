/** Milliseconds, of many. */
export type Latencies = readonly number[];

/** The smallest latency that so large a share of all does not exceed; not a number where there are none. */
export function quantile(latencies: Latencies, share: number): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The latencies that matter, in words. */
export function inWords(latencies: Latencies): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(latencies, share).toFixed(1));
  return `p50 ${p50}, p99 ${p99}, most ${most} ms`;
}
