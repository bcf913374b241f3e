import { PAYMENT_FAILURE_CODES } from './codes.ts';

/** The decoded payment-final event, as `schemas/payment-final.avsc` says it. */
export interface PaymentFinal {
  readonly paymentId: string;
  readonly paymentRequestId: string | null;
  /** Epoch milliseconds at which the payment became final. */
  readonly paymentTime: number | null;
  readonly paymentResult: {
    readonly resultStatus: 'S' | 'F' | 'U';
    readonly resultCode: string;
    readonly resultMessage: string | null;
  };
}

/**
 * In epoch milliseconds. What lies before is older than the interface: its writer mistook the unit, seconds or days. What
 * lies behind has no ISO 8601 date with a four-digit year.
 */
const TIME_RANGE = { from: Date.UTC(2015, 0, 1), to: Date.UTC(9999, 11, 30) };

const KNOWN_FAILURES = new Set<string>(PAYMENT_FAILURE_CODES);

/**
 * Names the first field by which the event breaks the interface's rules, so that it must never be sent.
 *
 * Lengths count Unicode code points. Null and empty optional fields are the same.
 *
 * @returns the field's name, e.g. `paymentResult.resultCode`, or `undefined` for an event that can be sent.
 */
export function invalidField(event: PaymentFinal): string | undefined {
  const { resultStatus, resultCode, resultMessage } = event.paymentResult;
  const succeeded = resultStatus === 'S';
  if (!isPaymentId(event.paymentId)) return 'paymentId';
  if (resultStatus === 'U') return 'paymentResult.resultStatus';
  if (!fits(resultCode, 1, 64)) return 'paymentResult.resultCode';
  if (succeeded && resultCode !== 'SUCCESS') return 'paymentResult.resultCode';
  if (!fits(resultMessage ?? '', 0, 256)) return 'paymentResult.resultMessage';
  if (!fits(event.paymentRequestId ?? '', succeeded ? 1 : 0, 64)) return 'paymentRequestId';
  if (event.paymentTime === null) return succeeded ? 'paymentTime' : undefined;
  const { from, to } = TIME_RANGE;
  return event.paymentTime >= from && event.paymentTime <= to ? undefined : 'paymentTime';
}

/** Whether a text can be a payment's id. One that cannot is written to no header: it may be of any length. */
export function isPaymentId(text: string): boolean {
  return fits(text, 1, 64);
}

/** Whether a failed payment carries a code the interface's page does not list; such an event is sent as it is. */
export function hasUnlistedCode({ paymentResult }: PaymentFinal): boolean {
  return paymentResult.resultStatus === 'F' && !KNOWN_FAILURES.has(paymentResult.resultCode);
}

function fits(text: string, min: number, max: number): boolean {
  const length = text.length <= max ? text.length : Array.from(text).length;
  return length >= min && length <= max;
}
