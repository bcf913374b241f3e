import { closesLetter } from '../../core/provenance.ts';
import { recordName } from '../../core/record.ts';
import { traceOf, type ClosingRecord, type DeadLetter, type RecordId } from '../../inspect/history.ts';
import { scan } from '../../inspect/scan.ts';
import type { Unread } from '../../inspect/unread.ts';
import type { Reading } from '../evidence.ts';
import type { ReadPayment } from '../payment-of.ts';

/** A dead letter, without its bytes. */
export interface Letter {
  /** `<topic>:<partition>:<offset>`, where the letter stands. */
  readonly record: string;
  readonly place: RecordId;
  readonly origin: RecordId;
  /** Its bytes as Latin-1. */
  readonly key: string | null;
  readonly paymentId: string | null;
  /** As in the header `notifier-dead-letter-reason`. */
  readonly reason: string;
  /** As in the header `notifier-reason`: a result code, or what was wrong. */
  readonly code: string | null;
  readonly attempts: number;
  /** When it was written, in epoch milliseconds. */
  readonly at: number;
  readonly redriveCount: number;
  readonly redriveId: string | null;
  readonly hasValue: boolean;
  readonly closed: ClosingRecord['as'] | null;
}

/** All that stands in the dead-letter topic. */
export interface Letters {
  readonly letters: readonly Letter[];
  readonly closings: readonly ClosingRecord[];
  readonly unread: readonly Unread[];
}

/** Reads every letter and what closes it. Payments are named as their events say, or by their keys. */
export async function readLetters(reading: Reading, readPayment: ReadPayment): Promise<Letters> {
  const { reader, topology, signal, progress } = reading;
  const found: Promise<Letter>[] = [];
  const closings: ClosingRecord[] = [];
  const doubtful: Unread[] = [];
  const unread = await scan(reader, {
    topics: [{ topic: topology.deadLetters }],
    wants: () => true,
    visit: (record) => {
      const trace = traceOf(record, topology);
      if (trace?.kind === 'closed') closings.push(trace);
      if (trace?.kind !== 'letter') return;
      const kept = { key: record.key?.toString('latin1') ?? null, hasValue: record.value !== null };
      const read = readPayment(record).then(({ id, isDoubtful, undecodable }) => {
        const { topic, partition } = trace;
        if (isDoubtful && doubtful.length === 0)
          doubtful.push({ topic, partition, why: `payments are known by their keys only: ${undecodable ?? ''}` });
        return letterOf(trace, { ...kept, paymentId: id });
      });
      read.catch(() => undefined);
      found.push(read);
    },
    ...(progress && { progress: ({ offsets, of }) => progress(offsets, of) }),
    signal,
  });
  const closed = closedAs(closings);
  const letters = (await Promise.all(found)).map((letter) => ({
    ...letter,
    closed: closed.get(letter.record)?.as ?? null,
  }));
  return { letters, closings, unread: [...unread, ...doubtful] };
}

/** Reads what closes letters, and nothing else. */
export async function readClosings(reading: Omit<Reading, 'progress'>): Promise<Omit<Letters, 'letters'>> {
  const { reader, topology, signal } = reading;
  const closings: ClosingRecord[] = [];
  const unread = await scan(reader, {
    topics: [{ topic: topology.deadLetters }],
    wants: ({ headers = {} }) => closesLetter(headers),
    visit: (record) => {
      const trace = traceOf(record, topology);
      if (trace?.kind === 'closed') closings.push(trace);
    },
    signal,
  });
  return { closings, unread };
}

/** What closed each letter first, by the letter's record. */
export function closedAs(closings: readonly ClosingRecord[]): Map<string, ClosingRecord> {
  return new Map(closings.toReversed().map((closing) => [recordName(closing.closes), closing]));
}

function letterOf(trace: DeadLetter, kept: Pick<Letter, 'key' | 'hasValue' | 'paymentId'>): Letter {
  const { topic, partition, offset, origin, attempts, at, deadLetterReason, reason = null } = trace;
  return {
    record: recordName(trace),
    place: { topic, partition, offset },
    origin,
    ...kept,
    reason: deadLetterReason,
    code: reason,
    attempts,
    at,
    redriveCount: trace.redriveCount ?? 0,
    redriveId: trace.redriveId ?? null,
    closed: null,
  };
}
