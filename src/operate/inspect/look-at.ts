import { recordName, type KafkaRecord } from '../../core/record.ts';
import {
  originOf,
  traceOf,
  type ClosingRecord,
  type DeadLetter,
  type RecordId,
  type Trace,
} from '../../inspect/history.ts';
import { mayBeOf } from '../../inspect/mentions.ts';
import { scan } from '../../inspect/scan.ts';
import type { Wanted } from '../../inspect/stretch.ts';
import type { Unread } from '../../inspect/unread.ts';
import { gather, topicsWithTraces, type Reading } from '../evidence.ts';

/** One record, and the traces of its event. */
export interface Seen {
  /** `undefined` where there is none at this place, or it could not be read. */
  readonly record: KafkaRecord | undefined;
  readonly event: readonly Trace[];
  readonly committed: ReadonlyMap<string, number>;
  readonly unread: readonly Unread[];
}

/**
 * Reads one record, and looks for its event where it can have left traces. A record keeps its partition number wherever it
 * goes, so only that partition of each topic is read, and of the source the one record.
 */
export async function lookAt(place: RecordId, reading: Reading): Promise<Seen> {
  const { record, unread } = await readOne(place, reading);
  const trace = record && traceOf(record, reading.topology);
  const named = trace?.kind === 'closed' ? await letterOf(trace, reading) : trace;
  if (record === undefined || named === undefined) return { record, event: [], committed: new Map(), unread };
  return { record, ...(await tracesOf(originOf(named), reading)) };
}

async function readOne(
  { topic, partition, offset }: RecordId,
  { reader, signal }: Reading,
): Promise<{ record: KafkaRecord | undefined; unread: Unread[] }> {
  let record: KafkaRecord | undefined;
  const unread = await scan(reader, {
    topics: [{ topic, partitions: [partition], from: { offset }, to: { offset: offset + 1 } }],
    wants: () => true,
    visit: (read) => (record = read),
    signal,
  });
  return { record, unread };
}

async function letterOf({ closes }: ClosingRecord, reading: Reading): Promise<DeadLetter | undefined> {
  const { record } = await readOne(closes, reading);
  const trace = record && traceOf(record, reading.topology);
  return trace?.kind === 'letter' ? trace : undefined;
}

async function tracesOf(origin: RecordId, reading: Reading): Promise<Omit<Seen, 'record'>> {
  const { topology } = reading;
  const event: Trace[] = [];
  const closings: ClosingRecord[] = [];
  const topics = (await topicsWithTraces(reading)).map((topic): Wanted => {
    if (topic === topology.outcomes) return { topic };
    const partitions = [origin.partition];
    if (topic !== topology.source) return { topic, partitions };
    return { topic, partitions, from: { offset: origin.offset }, to: { offset: origin.offset + 1 } };
  });
  const grounds = await gather(reading, {
    topics,
    wants: mayBeOf(origin),
    visit: (trace) => {
      if (trace.kind === 'closed') closings.push(trace);
      else if (recordName(originOf(trace)) === recordName(origin)) event.push(trace);
    },
  });
  const letters = new Set(event.flatMap((trace) => (trace.kind === 'letter' ? [recordName(trace)] : [])));
  event.push(...closings.filter(({ closes }) => letters.has(recordName(closes))));
  return { event, ...grounds };
}
