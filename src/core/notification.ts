import type { PaymentFinal } from './event.ts';

/**
 * The request body for an event, as the exact bytes that every later attempt sends again.
 *
 * Every scalar is a JSON string; an optional field that is null or empty is left out, `""` is never sent. The time is
 * written to the second in the configured zone.
 *
 * @param offset numeric zone such as `+08:00`
 */
export function notificationBody(event: PaymentFinal, offset: string): Buffer {
  const { resultCode, resultStatus, resultMessage } = event.paymentResult;
  return Buffer.from(
    JSON.stringify({
      paymentResult: { resultCode, resultStatus, resultMessage: present(resultMessage) },
      paymentRequestId: present(event.paymentRequestId),
      paymentId: event.paymentId,
      paymentTime: event.paymentTime === null ? undefined : zonedTime(event.paymentTime, offset),
    }),
  );
}

function present(text: string | null): string | undefined {
  return text === null || text === '' ? undefined : text;
}

/** Such as `2020-01-01T12:01:01+08:30`: the local time of the zone, to the second, followed by its offset. */
function zonedTime(epochMs: number, offset: string): string {
  return `${new Date(epochMs + offsetMs(offset)).toISOString().slice(0, 19)}${offset}`;
}

function offsetMs(offset: string): number {
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
