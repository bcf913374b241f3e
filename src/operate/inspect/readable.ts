import { isUtf8 } from 'node:buffer';
import type { PaymentFinal } from '../../core/event.ts';
import { isoTime } from '../trace/history-rows.ts';

/** Bytes as text, or in hexadecimal where they are no UTF-8. */
export function textOf(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  return isUtf8(bytes) ? bytes.toString() : `0x${bytes.toString('hex')}`;
}

/** An event as `emit` reads it: its time in ISO 8601. */
export function readableEvent(event: PaymentFinal): object {
  return { ...event, paymentTime: event.paymentTime === null ? null : isoTime(event.paymentTime) };
}
