import { firstWhere } from './first-where.ts';

/** One record of a retry topic: a copy of an event that is parked. */
export interface Copy {
  /** As `orderKey` gives it. */
  readonly key: string;
  /** The event's offset in the source partition. */
  readonly origin: number;
  readonly redrives: number;
  /** How often the event had been parked when this copy was written. */
  readonly hops: number;
  /** The delay of its retry topic. */
  readonly tier: string;
  /** In the retry topic. */
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly notBefore: number;
}

/** Which event, and how often it had been parked. */
export type Step = Pick<Copy, 'origin' | 'hops'>;

export function isStep(copy: Step, step: Step): boolean {
  return copy.origin === step.origin && copy.hops === step.hops;
}

/** Those of an event that count more come later: redriven more often, and of those parked more often. */
function byAge(a: Copy, b: Copy): number {
  return (
    a.origin - b.origin ||
    a.redrives - b.redrives ||
    a.hops - b.hops ||
    (a.tier === b.tier ? a.offset - b.offset : a.tier < b.tier ? -1 : 1)
  );
}

/** Whether both stand at one place, for one event. */
export function isSame(known: Copy | undefined, copy: Copy): boolean {
  return known !== undefined && byAge(known, copy) === 0;
}

/** Whether an older copy of its event is read after this one: a member that was evicted had it written late. */
export function standsBehind(older: Copy, copy: Copy): boolean {
  return older.tier === copy.tier && older.offset > copy.offset;
}

/** Where it stands among copies of its key, or would. */
export function placeOf(copies: readonly Copy[], copy: Copy): number {
  return firstWhere(copies, (other) => byAge(other, copy) >= 0);
}

/** Where the copies of the first event from this origin on begin. */
export function firstOf(copies: readonly Copy[], origin: number): number {
  return firstWhere(copies, (other) => other.origin >= origin);
}
