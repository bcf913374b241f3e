import type { DeadLetterReason } from '../core/disposition.ts';
import { isPaymentId } from '../core/event.ts';
import { recordName, type OutgoingRecord } from '../core/record.ts';
import { shortened } from '../core/shortened.ts';
import type { FinalOutcome } from './facts.ts';
import { sha256 } from './moved-record.ts';
import type { Work } from './work.ts';

/** How an event ended. */
export type Verdict =
  { readonly verdict: 'delivered' } | { readonly verdict: 'dead_lettered'; readonly reason: DeadLetterReason };

/**
 * What an auditor is told of how a payment ended. Nothing in it is longer than the interface lets it be, whatever the event
 * says.
 *
 * @param settledAt epoch milliseconds
 */
export function outcomeOf({ event, lastAttempt, provenance }: Work, ending: Verdict, settledAt: number): FinalOutcome {
  const { topic, partition, offset } = provenance.origin;
  return {
    paymentId: event === undefined ? null : shortened(event.paymentId),
    verdict: ending.verdict,
    deadLetterReason: ending.verdict === 'dead_lettered' ? ending.reason : null,
    resultCode: lastAttempt !== undefined && 'code' in lastAttempt.outcome ? lastAttempt.outcome.code : null,
    attempts: provenance.attempts,
    keyVersion: lastAttempt?.keyVersion ?? null,
    firstAttemptAt: provenance.firstAttemptAt === undefined ? null : isoTime(provenance.firstAttemptAt),
    settledAt: isoTime(settledAt),
    origin: { topic, partition, offset },
    requestSha256: provenance.body === undefined ? null : sha256(provenance.body),
    responseSha256: lastAttempt?.exchange.kind === 'response' ? sha256(lastAttempt.exchange.body) : null,
  };
}

/** JSON, under the payment's id, or under the origin's coordinates where the event has none that can be one. */
export function outcomeRecord(outcome: FinalOutcome, topic: string): OutgoingRecord {
  const { paymentId, origin } = outcome;
  const key = paymentId !== null && isPaymentId(paymentId) ? paymentId : recordName(origin);
  return { topic, key: Buffer.from(key), value: Buffer.from(JSON.stringify(outcome)), headers: {} };
}

function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
