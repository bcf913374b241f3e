import { createHash } from 'node:crypto';
import type { DeadLetterReason } from '../core/disposition.ts';
import { isPaymentId } from '../core/event.ts';
import { writeHeaders, type Provenance } from '../core/provenance.ts';
import type { KafkaRecord, OutgoingRecord } from '../core/record.ts';
import type { Work } from './work.ts';

/** A key longer than this, in bytes, does not travel with a letter that was itself too large. */
const LARGEST_KEPT_KEY = 16_384;

/**
 * A record as it waits in a retry topic: key, value, partition number and the headers of its producer stay as they
 * were.
 */
export function retryRecord(
  record: KafkaRecord,
  topic: string,
  provenance: Provenance,
): OutgoingRecord & { partition: number } {
  return { ...moved(record, topic), headers: writeHeaders(record.headers, provenance) };
}

/** A record as it stands among the dead letters. `detail` goes to the header `notifier-reason`. */
export function deadLetter(
  { record, provenance }: Work,
  topic: string,
  reason: DeadLetterReason,
  detail: string,
): OutgoingRecord {
  const { notBefore, ...history } = provenance;
  const headers = writeHeaders(record.headers, { ...history, reason: detail }, { 'dead-letter-reason': reason });
  return { ...moved(record, topic), headers };
}

/**
 * The dead letter of a record that is too large to be kept: its origin's coordinates and, as far as its value could be
 * read, its payment and the SHA-256 of the value. Value, body and the headers of its producer stay behind.
 */
export function deadLetterWithoutValue(
  { record, provenance, event }: Work,
  topic: string,
  detail: string,
): OutgoingRecord {
  const { body, notBefore, ...history } = provenance;
  const payment = event !== undefined && isPaymentId(event.paymentId) ? { paymentId: event.paymentId } : {};
  const { key, value, partition, unreadable } = record;
  const hash = unreadable === undefined ? { 'value-sha256': sha256(value ?? Buffer.alloc(0)) } : {};
  return {
    topic,
    partition,
    key: key !== null && key.length > LARGEST_KEPT_KEY ? null : key,
    value: null,
    headers: writeHeaders(
      {},
      { ...history, ...payment, reason: detail },
      { 'dead-letter-reason': 'too_large', ...hash },
    ),
  };
}

/** The same record elsewhere. */
function moved({ key, value, partition }: KafkaRecord, topic: string) {
  return { topic, partition, key, value };
}

/** In hexadecimal. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
