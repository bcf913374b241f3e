import { inUnits } from '../../core/duration.ts';
import type { RetryPolicy } from '../../core/retry-policy.ts';
import type { ConfigValues } from '../../kafka/topics/survey.ts';
import { fail, ok, warn, type Check } from './check.ts';
import type { Seen } from './seen.ts';
import { isForbidden, words } from './trouble.ts';

/** The times that have to fit into each other, in milliseconds. */
export interface TimeLimits {
  readonly gatewayTimeoutMs: number;
  /** What a lane may take beyond its request when partitions are given back. */
  readonly barrierMarginMs: number;
  readonly sessionTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly retry: RetryPolicy;
}

/** The longest of the retry delays, in milliseconds. */
export function longestDelayMs({ tiers }: RetryPolicy): number {
  return Math.max(...tiers.map(({ delayMs }) => delayMs));
}

/** What of the settings alone cannot be right is refused before; this is what may hurt although it can. */
export function checkTimeLimits(limits: TimeLimits): Check[] {
  const { gatewayTimeoutMs, barrierMarginMs, sessionTimeoutMs, shutdownTimeoutMs, retry } = limits;
  const name = 'time limits';
  const found: Check[] = [];
  const barrierMs = gatewayTimeoutMs + barrierMarginMs;
  if (shutdownTimeoutMs < barrierMs) {
    found.push(
      warn(
        name,
        `SHUTDOWN_TIMEOUT ${inUnits(shutdownTimeoutMs)} is shorter than GATEWAY_TIMEOUT + ${inUnits(barrierMarginMs)}: a slow ` +
          'answer at the end may go unsettled, and its notification is sent twice',
        `make SHUTDOWN_TIMEOUT ${inUnits(barrierMs)} or more, and the grace period of whoever stops the process longer still`,
      ),
    );
  }
  const longest = longestDelayMs(retry);
  if (retry.maxAgeMs < longest) {
    found.push(
      warn(
        name,
        `RETRY_MAX_AGE ${inUnits(retry.maxAgeMs)} is shorter than the longest of RETRY_DELAYS, ${inUnits(longest)}: no event is ` +
          'retried after that delay',
        'make RETRY_MAX_AGE longer, or take that delay out',
      ),
    );
  }
  if (found.length > 0) return found;
  return [
    ok(
      name,
      `GATEWAY_TIMEOUT ${inUnits(gatewayTimeoutMs)} + ${inUnits(barrierMarginMs)} < KAFKA_SESSION_TIMEOUT ` +
        `${inUnits(sessionTimeoutMs)}, SHUTDOWN_TIMEOUT ${inUnits(shutdownTimeoutMs)}; longest delay ${inUnits(longest)} < ` +
        `RETRY_MAX_AGE ${inUnits(retry.maxAgeMs)}`,
    ),
  ];
}

const BOUNDS = ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'] as const;

/** Whether the brokers take our session timeout. */
export function checkSessionTimeout(sessionTimeoutMs: number, config: Seen<ConfigValues>): Check {
  const name = 'session timeout';
  if ('unseen' in config) {
    return isForbidden(config.unseen)
      ? warn(
          name,
          'not asked: which session timeouts the brokers take (not allowed: DESCRIBE_CONFIGS on CLUSTER)',
          `compare KAFKA_SESSION_TIMEOUT with the brokers' ${BOUNDS.join(' and ')}, or allow DESCRIBE_CONFIGS on CLUSTER`,
        )
      : warn(name, `not known: ${words(config.unseen)}`, 'see what is said of the brokers, then ask again');
  }
  const [min, max] = BOUNDS.map((bound) => Number(config.seen.get(bound) ?? Number.NaN)) as [number, number];
  if (!(sessionTimeoutMs < min || sessionTimeoutMs > max)) {
    return ok(name, `KAFKA_SESSION_TIMEOUT ${inUnits(sessionTimeoutMs)} is one that the brokers take`);
  }
  return fail(
    name,
    `wrong: the brokers take no KAFKA_SESSION_TIMEOUT of ${inUnits(sessionTimeoutMs)}`,
    `choose one from ${inUnits(min)} to ${inUnits(max)} (${BOUNDS.join(', ')})`,
  );
}
