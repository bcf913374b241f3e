import { namesPayment } from '../../core/provenance.ts';
import { recordName, type KafkaRecord } from '../../core/record.ts';
import { byEvent, type Trace } from '../../inspect/history.ts';
import type { Unread } from '../../inspect/unread.ts';
import { mayConcern } from '../../inspect/mentions.ts';
import { gather, topicsWithTraces, type Reading } from '../evidence.ts';
import type { ReadPayment } from '../payment-of.ts';

/** What was found of a payment. */
export interface Found {
  /** The traces of each of its events. */
  readonly events: readonly (readonly Trace[])[];
  readonly committed: ReadonlyMap<string, number>;
  readonly unread: readonly Unread[];
}

/** Looks for a payment in every topic in which it can have left a trace. */
export async function findPayment(paymentId: string, reading: Reading, readPayment: ReadPayment): Promise<Found> {
  const topics = await topicsWithTraces(reading);
  const { source } = reading.topology;
  const found: { readonly trace: Trace; readonly record: KafkaRecord }[] = [];
  const closings: Trace[] = [];
  const namesIt = naming(paymentId);
  const { committed, unread } = await gather(reading, {
    topics: topics.map((topic) => ({ topic })),
    wants: mayConcern(paymentId),
    visit: (trace, record) => {
      if (trace.kind === 'closed') closings.push(trace);
      else if (trace.kind === 'outcome' ? trace.paymentId === paymentId : namesIt(record))
        found.push({ trace, record });
    },
  });
  const own: Trace[] = [];
  const undecided: Unread[] = [];
  for (const { trace, record } of found) {
    if (trace.kind === 'outcome') {
      own.push(trace);
      continue;
    }
    const { id, isDoubtful, undecodable } = await readPayment(record);
    if (id === paymentId) own.push(trace);
    else if (isDoubtful) undecided.push(doubtful(record, undecodable, source));
  }
  return { events: [...byEvent([...own, ...closings]).values()], committed, unread: [...unread, ...undecided] };
}

/** Whether a record names a payment where records of ours do: in key, header, or as a text of an Avro value. */
function naming(paymentId: string): (record: KafkaRecord) => boolean {
  const id = Buffer.from(paymentId);
  const asAvro = Buffer.concat([zigzag(id.length), id]);
  return ({ key, value, headers }) =>
    key?.equals(id) === true || value?.includes(asAvro) === true || namesPayment(headers, id);
}

/** A length as Avro writes it. */
function zigzag(length: number): Buffer {
  const bytes: number[] = [];
  for (let rest = length * 2; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function doubtful(record: KafkaRecord, why: string | null, source: string): Unread {
  const { topic, partition } = record;
  const what = topic === source ? 'its event' : 'what it carries';
  return { topic, partition, why: `${recordName(record)}: ${what} cannot be read: ${why ?? ''}` };
}
