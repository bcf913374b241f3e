import { cameFrom, closesLetter, namesPayment } from '../core/provenance.ts';
import type { RawRecord } from '../kafka/kafkajs/fetched.ts';
import type { RecordId } from './history.ts';

/**
 * A quick look whether a record may belong to a payment, at its bytes only: some do that belong to another one whose id
 * contains this one. What closes a letter names no payment, so all of that may.
 */
export function mayConcern(paymentId: string): (record: RawRecord) => boolean {
  const id = Buffer.from(paymentId);
  return ({ key, value, headers = {} }) =>
    key?.includes(id) === true || value?.includes(id) === true || namesPayment(headers, id) || closesLetter(headers);
}

/** The same for one event, known by its source record. An outcome is looked at where it names the offset. */
export function mayBeOf(origin: RecordId): (record: RawRecord) => boolean {
  const named = Buffer.from(`"offset":${origin.offset}`);
  return ({ offset, value, headers = {} }) =>
    Number(offset) === origin.offset ||
    cameFrom(headers, origin) ||
    closesLetter(headers) ||
    value?.includes(named) === true;
}
