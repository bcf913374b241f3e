import { randomUUID } from 'node:crypto';
import type { PaymentFinal } from '../core/event.ts';

/** One in this many sample payments has failed. */
const FAILED_EVERY = 20;

/** Makes sample events: mostly successes, final just now, ids unique to this run. */
export function* sampleEvents(count: number, prefix = `SAMPLE-${randomUUID().slice(0, 8)}`): Iterable<PaymentFinal> {
  for (let number = 1; number <= count; number += 1)
    yield sampleEvent(`${prefix}-${String(number)}`, number % FAILED_EVERY !== 0);
}

/** One event of a payment that became final now. */
export function sampleEvent(paymentId: string, succeeded: boolean): PaymentFinal {
  return {
    paymentId,
    paymentRequestId: `REQ-${paymentId}`,
    paymentTime: Date.now(),
    paymentResult: succeeded
      ? { resultStatus: 'S', resultCode: 'SUCCESS', resultMessage: 'success' }
      : { resultStatus: 'F', resultCode: 'EXPIRED_CODE', resultMessage: null },
  };
}
