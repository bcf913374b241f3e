import type { Headers, TraceContext } from './record.ts';

const LENGTH = 55;
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-?)$/;

/**
 * Reads `traceparent` by the rules of W3C Trace Context: version 00 ends with the flags, a later one may have more behind
 * them. `undefined` where there is none, or none that is valid, or several: nobody knows which of them is meant.
 */
export function traceContextOf({ traceparent }: Headers): TraceContext | undefined {
  if (traceparent === undefined || Array.isArray(traceparent)) return undefined;
  const [, version, traceId, spanId, flags = '', more] = TRACEPARENT.exec(beginning(traceparent)) ?? [];
  if (traceId === undefined || spanId === undefined || (version === '00' && more !== '')) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** As much as is looked at, however long it is. */
function beginning(value: Buffer | string): string {
  return typeof value === 'string' ? value.slice(0, LENGTH + 1) : value.toString('latin1', 0, LENGTH + 1);
}
