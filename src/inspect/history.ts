import { createHash } from 'node:crypto';
import { readClosing, readLetterMark, readProvenance, type Closing, type Provenance } from '../core/provenance.ts';
import { recordName, type KafkaRecord } from '../core/record.ts';
import type { Topology } from '../core/topology.ts';
import { readOutcome, type ToldOutcome } from './outcome.ts';

/** A record's coordinates. */
export interface RecordId {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

interface Stored extends RecordId {
  /** Of the trace that its event's producer named. */
  readonly traceId?: string;
  /** Epoch milliseconds, as are all times here. */
  readonly at: number;
}

/** The source record of an event. */
export interface Written extends Stored {
  readonly kind: 'source';
}

/** A record of a retry topic. */
export interface ParkedCopy extends Stored, History {
  readonly kind: 'copy';
  readonly tier: string;
  readonly notBefore?: number;
}

/** A record of the dead-letter topic. */
export interface DeadLetter extends Stored, History {
  readonly kind: 'letter';
  readonly deadLetterReason: string;
  readonly valueSha256?: string;
}

/** A record of the dead-letter topic that closes a letter. */
export interface ClosingRecord extends Stored {
  readonly kind: 'closed';
  /** The letter. */
  readonly closes: RecordId;
  readonly as: Closing['as'];
  readonly by?: string;
  readonly why?: string;
  readonly closedAt?: number;
  readonly redriveId?: string;
  /** Of the letter's event. */
  readonly origin?: RecordId;
}

/** A record of the outcomes topic. */
export interface OutcomeRecord extends Stored, ToldOutcome {
  readonly kind: 'outcome';
}

/** What copies and letters know of their event. */
interface History extends Omit<Provenance, 'origin' | 'body' | 'notBefore'> {
  readonly origin: RecordId;
  /** Of the request body it carries, in hexadecimal. */
  readonly bodySha256?: string;
}

/** One trace of an event. */
export type Trace = Written | ParkedCopy | DeadLetter | ClosingRecord | OutcomeRecord;

/** What a record tells; `undefined` where it is none of ours, whatever topic it stands in. */
export function traceOf(record: KafkaRecord, topology: Topology): Trace | undefined {
  const { topic, partition, offset, timestamp: at, trace } = record;
  const stored = { topic, partition, offset, at, ...(trace && { traceId: trace.traceId }) };
  switch (topology.roleOf(topic)) {
    case 'source':
      return { kind: 'source', ...stored };
    case 'retry': {
      const tier = topology.tierOf(topic);
      return { kind: 'copy', ...stored, tier, ...historyOf(readProvenance(record, topology.source)) };
    }
    case 'dead_letter':
      return letterOrClosing(record, stored, topology);
    case 'outcomes': {
      const outcome = readOutcome(record.value);
      return outcome && { kind: 'outcome', ...stored, ...outcome };
    }
    case 'other':
      return undefined;
  }
}

/** The event's source record that a trace belongs to; a closing record names only its letter. */
export function originOf(trace: Exclude<Trace, ClosingRecord>): RecordId {
  if (trace.kind !== 'source') return trace.origin;
  const { topic, partition, offset } = trace;
  return { topic, partition, offset };
}

/** The traces of each event, by the name of its source record; what closes a letter stands with the letter. */
export function byEvent(traces: Iterable<Trace>): Map<string, Trace[]> {
  const events = new Map<string, Trace[]>();
  const letters = new Map<string, string>();
  const closings: ClosingRecord[] = [];
  const add = (event: string, trace: Trace): void => {
    const known = events.get(event);
    if (known === undefined) events.set(event, [trace]);
    else known.push(trace);
  };
  for (const trace of traces) {
    if (trace.kind === 'closed') {
      closings.push(trace);
      continue;
    }
    const event = recordName(originOf(trace));
    if (trace.kind === 'letter') letters.set(recordName(trace), event);
    add(event, trace);
  }
  for (const closing of closings) {
    const event = letters.get(recordName(closing.closes));
    if (event !== undefined) add(event, closing);
  }
  return events;
}

function letterOrClosing(
  record: KafkaRecord,
  stored: Stored,
  { source }: Topology,
): DeadLetter | ClosingRecord | undefined {
  const closing = readClosing(record);
  if (closing !== undefined) {
    const { partition, offset, ...how } = closing;
    return { kind: 'closed', ...stored, closes: { topic: record.topic, partition, offset }, ...how };
  }
  const mark = readLetterMark(record);
  if (mark === undefined) return undefined;
  return { kind: 'letter', ...stored, ...mark, ...historyOf(readProvenance(record, source)) };
}

function historyOf({ origin, body, ...history }: Provenance): History & Pick<Provenance, 'notBefore'> {
  const { topic, partition, offset } = origin;
  return {
    ...history,
    origin: { topic, partition, offset },
    ...(body !== undefined && { bodySha256: createHash('sha256').update(body).digest('hex') }),
  };
}
