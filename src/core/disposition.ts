import type { Outcome } from './outcome.ts';
import { tierAfter, type RetryPolicy, type Tier } from './retry-policy.ts';

/** Why a record ends among the dead letters; the header `notifier-dead-letter-reason`. */
export const DEAD_LETTER_REASONS = [
  'rejected',
  'retries_exhausted',
  'undecodable',
  'invalid_event',
  'too_large',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** What becomes of a record after an attempt. */
export type Disposition =
  | { readonly kind: 'complete' }
  /** `notBefore` in epoch milliseconds; `reason` is a result code or a closed reason in lower case. */
  | { readonly kind: 'retry'; readonly tier: Tier; readonly notBefore: number; readonly reason: string }
  | { readonly kind: 'dead_letter'; readonly reason: DeadLetterReason; readonly detail: string }
  /** Nothing is committed and nothing is parked: the fault concerns every event. `reason` is the result code. */
  | { readonly kind: 'hold'; readonly reason: string };

/** What of a record's history decides, when an attempt has ended. */
export interface Attempt {
  /** Epoch milliseconds of the first request for this record. */
  readonly firstAttemptAt: number;
  /** How often the record was parked because of an attempt. */
  readonly hops: number;
}

/**
 * Decides what becomes of a record; every outcome has a disposition. The age counts only after an attempt, never before
 * one: a record that waited through an outage still gets its chance.
 *
 * @param now epoch milliseconds at which the attempt ended
 */
export function decide(outcome: Outcome, attempt: Attempt, policy: RetryPolicy, now: number): Disposition {
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'complete' };
    case 'rejected':
      return { kind: 'dead_letter', reason: 'rejected', detail: outcome.code };
    case 'systemic':
      return { kind: 'hold', reason: outcome.code };
    case 'unknown':
      return retryOrGiveUp(outcome.code, attempt, policy, now);
    case 'no_result':
      return retryOrGiveUp(outcome.reason, attempt, policy, now);
  }
}

function retryOrGiveUp(reason: string, attempt: Attempt, policy: RetryPolicy, now: number): Disposition {
  if (now - attempt.firstAttemptAt >= policy.maxAgeMs) {
    return { kind: 'dead_letter', reason: 'retries_exhausted', detail: reason };
  }
  const tier = tierAfter(policy, attempt.hops);
  return { kind: 'retry', tier, notBefore: now + tier.delayMs, reason };
}
