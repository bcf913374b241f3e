import { recordName, type OutgoingRecord } from '../core/record.ts';
import { sha256 } from './moved-record.ts';
import type { Work } from './work.ts';

/**
 * The record that tells an auditor how a payment ended: JSON, under the payment's id, or under the origin's coordinates
 * where the id is not known.
 *
 * @param settledAt epoch milliseconds
 */
export function outcomeRecord(
  { event, lastAttempt, provenance }: Work,
  topic: string,
  verdict: 'delivered' | 'dead_lettered',
  settledAt: number,
): OutgoingRecord {
  const { topic: originTopic, partition, offset } = provenance.origin;
  const origin = { topic: originTopic, partition, offset };
  const value = {
    paymentId: event?.paymentId ?? null,
    verdict,
    resultCode: lastAttempt !== undefined && 'code' in lastAttempt.outcome ? lastAttempt.outcome.code : null,
    attempts: provenance.attempts,
    keyVersion: lastAttempt?.keyVersion ?? null,
    firstAttemptAt: isoTime(provenance.firstAttemptAt),
    settledAt: isoTime(settledAt),
    origin,
    requestSha256: provenance.body === undefined ? null : sha256(provenance.body),
    responseSha256: lastAttempt?.exchange.kind === 'response' ? sha256(lastAttempt.exchange.body) : null,
  };
  const key = Buffer.from(event?.paymentId ?? recordName(origin));
  return { topic, key, value: Buffer.from(JSON.stringify(value)), headers: {} };
}

function isoTime(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}
