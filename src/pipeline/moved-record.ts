import { createHash } from 'node:crypto';
import type { DeadLetterReason } from '../core/disposition.ts';
import { isPaymentId } from '../core/event.ts';
import { writeHeaders, type Provenance } from '../core/provenance.ts';
import type { KafkaRecord, OutgoingRecord } from '../core/record.ts';
import type { Work } from './work.ts';

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

/** A dead letter, and the reason it gives. */
export interface Letter {
  readonly reason: DeadLetterReason;
  readonly record: OutgoingRecord;
}

/**
 * How a record may stand among the dead letters, the letter that keeps most of it first: all of it; without what can be
 * large, for `too_large`; and without its key, too. The last one has at most `LARGEST_SMALL_RECORD` bytes.
 *
 * @param detail goes to the header `notifier-reason`
 */
export function lettersOf(
  work: Work,
  topic: string,
  reason: DeadLetterReason,
  detail: string,
): readonly [Letter, ...Letter[]] {
  const withoutValue: Letter = { reason: 'too_large', record: deadLetterWithoutValue(work, topic, detail) };
  const withoutKey: Letter = { ...withoutValue, record: { ...withoutValue.record, key: null } };
  if (reason === 'too_large') return [withoutValue, withoutKey];
  return [{ reason, record: deadLetter(work, topic, reason, detail) }, withoutValue, withoutKey];
}

/** What the smallest letter and an outcome can have at most, in bytes of a batch of its own: less than this is refused at start. */
export const LARGEST_SMALL_RECORD = 4_096;

function deadLetter({ record, provenance }: Work, topic: string, reason: DeadLetterReason, detail: string) {
  const { notBefore, ...history } = provenance;
  const headers = writeHeaders(record.headers, { ...history, reason: detail }, { 'dead-letter-reason': reason });
  return { ...moved(record, topic), headers };
}

/**
 * Its origin's coordinates and, as far as its value could be read, its payment and the SHA-256 of the value. Value, body
 * and the headers of its producer stay behind.
 */
function deadLetterWithoutValue({ record, provenance, event }: Work, topic: string, detail: string): OutgoingRecord {
  const { body, notBefore, ...history } = provenance;
  const payment = event !== undefined && isPaymentId(event.paymentId) ? { paymentId: event.paymentId } : {};
  const hash = record.unreadable === undefined ? { 'value-sha256': sha256(record.value ?? Buffer.alloc(0)) } : {};
  const about = { ...history, ...payment, reason: detail };
  const headers = writeHeaders({}, about, { 'dead-letter-reason': 'too_large', ...hash });
  return { ...moved(record, topic), value: null, headers };
}

/** The same record elsewhere. */
function moved({ key, value, partition }: KafkaRecord, topic: string) {
  return { topic, partition, key, value };
}

/** In hexadecimal. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
