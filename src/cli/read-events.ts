import { createInterface } from 'node:readline';
import type { PaymentFinal } from '../core/event.ts';
import { Misconfigured } from '../core/misconfigured.ts';
import { misfit } from '../kafka/produce/emitter.ts';

/**
 * The events of JSON lines, one a line; empty lines are passed over. Ends early, without an error, when `signal` is
 * aborted.
 *
 * @param name what the lines are read from, for what is wrong with them
 * @throws Misconfigured at the first line that is no event, or where nothing can be read
 */
export async function* readEvents(
  open: () => NodeJS.ReadableStream,
  name: string,
  signal: AbortSignal,
): AsyncIterable<PaymentFinal> {
  const lines = createInterface({ input: open(), crlfDelay: Number.POSITIVE_INFINITY, signal });
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      if (line.trim() !== '') yield readEvent(line, `${name}, line ${String(number)}`);
    }
  } catch (error) {
    if (error instanceof Misconfigured) throw error;
    throw new Misconfigured([`${name}: cannot be read (${errorCode(error)}); give JSON lines`]);
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
}

function readEvent(line: string, where: string): PaymentFinal {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new Misconfigured([`${where}: is not JSON; write one event a line`]);
  }
  const full = withDefaults(event);
  const wrong = misfit(full);
  if (wrong !== undefined) {
    throw new Misconfigured([`${where}: ${wrong} does not fit schemas/payment-final.avsc; mend that field`]);
  }
  return full as PaymentFinal;
}

/** Nullable fields may be left out; a time may be written as ISO 8601. */
function withDefaults(event: unknown): unknown {
  if (typeof event !== 'object' || event === null) return event;
  const { paymentTime = null, paymentResult, ...rest } = event as Record<string, unknown>;
  const result = typeof paymentResult === 'object' ? { resultMessage: null, ...paymentResult } : paymentResult;
  const time = typeof paymentTime === 'string' ? Date.parse(paymentTime) : paymentTime;
  return { paymentRequestId: null, ...rest, paymentTime: time, paymentResult: result };
}
