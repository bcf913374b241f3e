import { closesLetter, namesPayment } from '../core/provenance.ts';
import type { RawRecord } from '../kafka/kafkajs/fetched.ts';

/**
 * A quick look whether a record may belong to a payment, at its bytes only: some do that belong to another one whose id
 * contains this one. What closes a letter names no payment, so all of that may.
 */
export function mayConcern(paymentId: string): (record: RawRecord) => boolean {
  const id = Buffer.from(paymentId);
  return ({ key, value, headers = {} }) =>
    key?.includes(id) === true || value?.includes(id) === true || namesPayment(headers, id) || closesLetter(headers);
}
