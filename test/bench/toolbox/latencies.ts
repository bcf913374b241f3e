import { quantile } from '../statistics.ts';

/** Milliseconds, of many. */
export type Latencies = readonly number[];

/** The latencies that matter, in words. */
export function inWords(latencies: Latencies): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(latencies, share).toFixed(1));
  return `p50 ${p50}, p99 ${p99}, most ${most} ms`;
}
