import type { PaymentFinal } from '../../src/core/event.ts';
import type { Random } from '../chaos/random.ts';
import { avroBytes, framed, PAYMENT_FINAL } from '../support/schemas.ts';
import { FATES } from './fates.ts';
import type { Plan } from './plan.ts';

/** The id under which the registry knows `schemas/payment-final.avsc`. */
export const SCHEMA_ID = 7;

/** A record for the source topic. */
export interface NewRecord {
  /** From 1 on, in the order in which they are written. */
  readonly number: number;
  /** From the beginning, in milliseconds. */
  readonly atMs: number;
  /** Its partition is this, modulo how many there are. */
  readonly place: number;
  /** Empty for bytes that are no event. */
  readonly paymentId: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** What is written in a world, and when: some of it in bursts. */
export function recordsOf(plan: Plan, random: Random, startMs: number): NewRecord[] {
  const instants = Array.from({ length: plan.events }, () => instant(plan.lastsMs, random)).sort((a, b) => a - b);
  return instants.map((atMs, at) => {
    const number = at + 1;
    const key = random.next() < 0.1 ? null : random.between(1, plan.keys);
    const place = key ?? random.between(1, plan.partitions);
    const keyBytes = key === null ? null : Buffer.from(`key-${key}`);
    if (random.next() >= plan.readable)
      return { number, atMs, place, paymentId: '', key: keyBytes, value: junk(random) };
    const paymentId = `P${number}-${fate(plan.trouble, random)}`;
    return { number, atMs, place, paymentId, key: keyBytes, value: event(paymentId, startMs + atMs) };
  });
}

function instant(lastsMs: number, random: Random): number {
  const at = random.between(0, lastsMs);
  return random.next() < 0.5 ? at : at - (at % 5_000);
}

function fate(trouble: number, random: Random): string {
  let lot = random.next();
  for (const [name, { share }] of Object.entries(FATES)) {
    lot -= share * trouble;
    if (lot < 0) return name;
  }
  return 'good';
}

/** A payment as it stands in the source topic. */
export function event(paymentId: string, paymentTime: number): Buffer {
  const payment: PaymentFinal = {
    paymentId,
    paymentRequestId: `R-${paymentId}`,
    paymentTime,
    paymentResult: { resultStatus: 'S', resultCode: 'SUCCESS', resultMessage: 'success' },
  };
  return framed(SCHEMA_ID, avroBytes(PAYMENT_FINAL, payment));
}

/** A tombstone, a strange beginning, an unknown schema, or bytes that end too early. */
function junk(random: Random): Buffer | null {
  return random.pick([null, Buffer.from('{}'), framed(404, Buffer.from([1])), framed(SCHEMA_ID, Buffer.from([2]))]);
}
