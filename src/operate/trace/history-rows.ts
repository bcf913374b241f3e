import { recordName } from '../../core/record.ts';
import { originOf, type RecordId, type Trace } from '../../inspect/history.ts';

/** One trace of an event as commands show it; `null` where it does not apply. */
export interface HistoryRow {
  readonly record: string;
  readonly kind: Trace['kind'];
  /** ISO 8601, as are all times here. */
  readonly at: string;
  readonly attempts: number | null;
  readonly resultCode: string | null;
  readonly reason: string | null;
  readonly notBefore: string | null;
  /** Of the W3C trace that the event was written in. */
  readonly traceId: string | null;
}

/** Traces of any events in the order in which they were written. */
export function historyRows(traces: readonly Trace[]): HistoryRow[] {
  return [...traces].sort((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind]).map(row);
}

const RANK: Readonly<Record<Trace['kind'], number>> = { source: 0, copy: 1, letter: 2, closed: 3, outcome: 4 };

function row(trace: Trace): HistoryRow {
  const stored = { record: recordName(trace), kind: trace.kind, at: isoTime(trace.at) };
  const { traceId = null } = trace;
  const nothing = { attempts: null, resultCode: null, reason: null, notBefore: null, traceId };
  switch (trace.kind) {
    case 'source':
      return { ...stored, ...nothing };
    case 'copy': {
      const { attempts, reason = null, notBefore } = trace;
      const due = notBefore === undefined ? null : isoTime(notBefore);
      return { ...stored, attempts, resultCode: resultCodeIn(reason), reason, notBefore: due, traceId };
    }
    case 'letter': {
      const { attempts, reason = null, deadLetterReason } = trace;
      return { ...stored, ...nothing, attempts, resultCode: resultCodeIn(reason), reason: deadLetterReason };
    }
    case 'closed':
      return { ...stored, ...nothing, reason: trace.as };
    case 'outcome': {
      const { attempts, resultCode, deadLetterReason = null, verdict } = trace;
      return { ...stored, ...nothing, attempts, resultCode, reason: deadLetterReason ?? verdict };
    }
  }
}

/** Reasons that are no result code are written in lower case. */
export function resultCodeIn(reason: string | null): string | null {
  return reason !== null && /^[A-Z][A-Z0-9_]*$/.test(reason) ? reason : null;
}

/** @param at epoch milliseconds, of any writer: what no date can be is told as it is */
export function isoTime(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}

/** The source record of an event of which these are all traces. */
export function originAmong(event: readonly Trace[]): RecordId | undefined {
  const named = event.find((trace) => trace.kind !== 'closed');
  return named && originOf(named);
}
