import { isUtf8 } from 'node:buffer';
import type { PaymentFinal } from '../../core/event.ts';
import type { Headers } from '../../core/record.ts';
import { isoTime } from '../trace/history-rows.ts';

/** The trace id of a W3C `traceparent` header; `null` where there is none, or none that is valid. */
export function traceIdOf({ traceparent }: Headers): string | null {
  const first = Array.isArray(traceparent) ? traceparent[0] : traceparent;
  const [, id] = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(first?.toString() ?? '') ?? [];
  return id === undefined || /^0+$/.test(id) ? null : id;
}

/** Bytes as text, or in hexadecimal where they are no UTF-8. */
export function textOf(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  return isUtf8(bytes) ? bytes.toString() : `0x${bytes.toString('hex')}`;
}

/** An event as `emit` reads it: its time in ISO 8601. */
export function readableEvent(event: PaymentFinal): object {
  return { ...event, paymentTime: event.paymentTime === null ? null : isoTime(event.paymentTime) };
}
