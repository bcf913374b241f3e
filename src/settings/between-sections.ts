import { Topology } from '../core/topology.ts';
import type { Values } from './table.ts';

/** What a lane may take beyond its request when partitions are given back: to settle and to commit. Milliseconds. */
export const BARRIER_MARGIN_MS = 5_000;

/** What of that is left for the commit once the outcomes topic is waited for no longer. Milliseconds. */
const COMMIT_MARGIN_MS = 2_000;

/** How long a rebalance or a stop waits for what is in flight, and when it stops waiting for the outcomes topic. */
export function barrierLimits(gatewayMs: number, shutdownMs: number): { barrierMs: number; lastCallMs: number } {
  const barrierMs = gatewayMs + BARRIER_MARGIN_MS;
  const drainMs = Math.min(barrierMs, shutdownMs);
  return { barrierMs, lastCallMs: drainMs - Math.min(COMMIT_MARGIN_MS, (drainMs - gatewayMs) / 2) };
}

/**
 * What is wrong between settings of different sections, a line each. A value that could not be read, or whose section is
 * not asked for, is undefined and contradicts nothing.
 */
export function* contradictionsBetween(values: Partial<Values>): Iterable<string> {
  yield* timeLimits(values);
  yield* topicNames(values);
}

function* timeLimits(values: Partial<Values>): Iterable<string> {
  const { GATEWAY_TIMEOUT: gateway, KAFKA_SESSION_TIMEOUT: session, SHUTDOWN_TIMEOUT: shutdown } = values;
  if (gateway === undefined) return;
  if (session !== undefined && gateway + BARRIER_MARGIN_MS >= session) {
    yield (
      `KAFKA_SESSION_TIMEOUT: ${seconds(session)} leaves no time to finish a request before a rebalance; ` +
      `make it more than GATEWAY_TIMEOUT + 5s = ${seconds(gateway + BARRIER_MARGIN_MS)}, or lower GATEWAY_TIMEOUT`
    );
  }
  if (shutdown !== undefined && shutdown <= gateway) {
    yield (
      `SHUTDOWN_TIMEOUT: ${seconds(shutdown)} would cut off a request in flight; ` +
      `make it more than GATEWAY_TIMEOUT = ${seconds(gateway)}, or lower GATEWAY_TIMEOUT`
    );
  }
}

function seconds(ms: number): string {
  return `${String(ms / 1_000)}s`;
}

const LONGEST_TOPIC_NAME = 249;

function* topicNames({ SOURCE_TOPIC: source, RETRY_DELAYS: tiers, OUTCOMES_TOPIC: outcomes }: Partial<Values>) {
  if (source === undefined) return;
  const topology = new Topology({ source, tiers: tiers ?? [] });
  const excess = Math.max(...topology.counterparts.map((topic) => topic.length)) - LONGEST_TOPIC_NAME;
  if (excess > 0) {
    yield (
      `SOURCE_TOPIC: its retry and dead-letter topics would have names of more than 249 characters; ` +
      `shorten it by ${String(excess)}`
    );
  }
  if (outcomes !== undefined && topology.roleOf(outcomes) !== 'other') {
    yield (
      `OUTCOMES_TOPIC: ${outcomes} is already the source, a retry or the dead-letter topic of SOURCE_TOPIC; ` +
      'name a topic of its own'
    );
  }
}
