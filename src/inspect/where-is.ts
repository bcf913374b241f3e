import { recordName } from '../core/record.ts';
import {
  originOf,
  type DeadLetter,
  type OutcomeRecord,
  type ParkedCopy,
  type RecordId,
  type Trace,
} from './history.ts';

/** What the judgement rests on beside an event's traces. */
export interface Known {
  /** The group's committed offsets by `topic:partition`; what is absent was never committed. */
  readonly committed: ReadonlyMap<string, number>;
  /** Whether every topic in which the event can have left a trace was read to its end: then what is not seen is not there. */
  readonly complete: boolean;
}

/** Where an event is. */
export type Whereabouts =
  /** The gateway has taken it: an outcome says so, or it was settled and nothing else is left of it. */
  | { readonly kind: 'delivered'; readonly outcome?: OutcomeRecord }
  /** For good, unless it is redriven. The letter itself may have expired. */
  | { readonly kind: 'dead_lettered'; readonly letter?: DeadLetter; readonly isDiscarded: boolean }
  /** Parked; `copy` is the one that will be sent. */
  | { readonly kind: 'waiting'; readonly copy: ParkedCopy }
  /** The service has not come to the end of its source record yet. */
  | { readonly kind: 'not_settled' }
  /** Nothing of it was found, or not all was read and what was found does not settle it. */
  | { readonly kind: 'unknown' };

/**
 * Says where one event is now, by its traces alone.
 *
 * A delivery that an outcome tells of ends it. Else what is not committed comes again, whatever else stands there: a copy
 * is sent, the source record is read. Else it is where its letter is. An event that was settled and has neither letter nor
 * live copy was delivered: nothing else ends one; that is believed only where all was read.
 */
export function whereIs(event: readonly Trace[], { committed, complete }: Known): Whereabouts {
  const outcomes = event.filter((trace) => trace.kind === 'outcome');
  const outcome = outcomes.find(({ verdict }) => verdict === 'delivered');
  if (outcome !== undefined) return { kind: 'delivered', outcome };
  const [copy] = liveCopies(event, committed);
  if (copy !== undefined) return { kind: 'waiting', copy };
  const origin = event.map((trace) => (trace.kind === 'closed' ? undefined : originOf(trace))).find(Boolean);
  if (origin === undefined) return { kind: 'unknown' };
  if (!isCommitted(origin, committed)) return { kind: 'not_settled' };
  const letter = openLetters(event)[0] ?? discarded(event);
  if (letter !== undefined) return { kind: 'dead_lettered', letter, isDiscarded: discarded(event) === letter };
  const redriven = event.some((trace) => trace.kind === 'closed');
  if (!redriven && outcomes.length > 0) return { kind: 'dead_lettered', isDiscarded: false };
  return { kind: complete ? 'delivered' : 'unknown' };
}

/** Whether the group is done with a record. */
export function isCommitted({ topic, partition, offset }: RecordId, committed: ReadonlyMap<string, number>): boolean {
  return offset < (committed.get(`${topic}:${partition}`) ?? 0);
}

/** Copies that will be read again, the one that is sent first. */
export function liveCopies(event: readonly Trace[], committed: ReadonlyMap<string, number>): ParkedCopy[] {
  return event
    .filter((trace) => trace.kind === 'copy')
    .filter((copy) => !isCommitted(copy, committed))
    .sort((a, b) => (b.redriveCount ?? 0) - (a.redriveCount ?? 0) || b.hops - a.hops || b.offset - a.offset);
}

/** Letters that nobody has closed, the latest first. */
export function openLetters(event: readonly Trace[]): DeadLetter[] {
  const closed = new Set(event.flatMap((trace) => (trace.kind === 'closed' ? [recordName(trace.closes)] : [])));
  return letters(event).filter((letter) => !closed.has(recordName(letter)));
}

/** The latest letter, where it was discarded. */
function discarded(event: readonly Trace[]): DeadLetter | undefined {
  const [latest] = letters(event);
  if (latest === undefined) return undefined;
  const name = recordName(latest);
  const isDiscarded = event.some(
    (trace) => trace.kind === 'closed' && trace.as === 'discarded' && recordName(trace.closes) === name,
  );
  return isDiscarded ? latest : undefined;
}

function letters(event: readonly Trace[]): DeadLetter[] {
  return event
    .filter((trace) => trace.kind === 'letter')
    .sort((a, b) => (b.redriveCount ?? 0) - (a.redriveCount ?? 0) || b.offset - a.offset);
}
