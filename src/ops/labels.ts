import { codeLabel } from '../core/codes.ts';
import type { DeadLetterReason } from '../core/disposition.ts';
import { NO_RESULT_REASONS, type Outcome } from '../core/outcome.ts';

/** The outcomes of an attempt as metrics and log name them. */
export const ATTEMPT_OUTCOMES = ['delivered', 'rejected', 'systemic', 'unknown'] as const;

/** An attempt without a trustworthy result is `unknown`, as is one the gateway left open. */
export function outcomeLabel(outcome: Outcome): (typeof ATTEMPT_OUTCOMES)[number] {
  return outcome.kind === 'no_result' ? 'unknown' : outcome.kind;
}

/** The `result_code` of an attempt. */
export function outcomeCode(outcome: Outcome): string {
  return codeLabel(outcome.kind === 'no_result' ? undefined : outcome.code);
}

const NO_CODES = new Set<string>([...NO_RESULT_REASONS, 'behind_parked_key']);

/** The `result_code` of why a record was parked: its reason is a code, or one of the closed words that stand for none. */
export function parkedCode(reason: string): string {
  return codeLabel(NO_CODES.has(reason) ? undefined : reason);
}

/** The `result_code` of a dead letter; `detail` is one only where the gateway's answer decided, or came last. */
export function deadLetterCode(reason: DeadLetterReason, detail: string): string {
  switch (reason) {
    case 'rejected':
    case 'retries_exhausted':
      return parkedCode(detail);
    case 'too_large':
      return codeLabel(detail) === 'OTHER' ? 'NONE' : codeLabel(detail);
    case 'undecodable':
    case 'invalid_event':
      return 'NONE';
  }
}
