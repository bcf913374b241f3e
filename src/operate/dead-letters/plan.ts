import { recordName } from '../../core/record.ts';
import { matches, type LetterFilter } from './filter.ts';
import type { Letter } from './letters.ts';

/** A letter that is to be closed. */
export interface PlannedLetter {
  readonly record: string;
  /** Other letters of the same event, as a crash can leave them: they are closed with it. */
  readonly alsoCloses: readonly string[];
  readonly origin: string;
  readonly paymentId: string | null;
}

/** A letter that is meant, and left as it is. */
export interface Skipped {
  readonly record: string;
  readonly paymentId: string | null;
  readonly why: string;
}

/** What a run is to do, letter by letter. */
export interface Resolved {
  readonly records: readonly PlannedLetter[];
  readonly skipped: readonly Skipped[];
}

/** What a redrive keeps to. */
export interface RedriveRules {
  readonly filter: LetterFilter;
  /** So many at most. */
  readonly max: number;
  /** A letter of an event that was redriven so often already is left where it is. */
  readonly maxRedrives: number;
  /** Whether an outcome says that the letter's payment was delivered. */
  readonly isTold: (letter: Letter) => boolean;
}

/** Resolves filters to letters that are still open, in the order in which their events came. */
export function planDiscard(letters: readonly Letter[], filter: LetterFilter): Resolved {
  return { records: ofEvents(openLetters(letters, filter)).map(planned), skipped: [] };
}

/** The same, without what must not be sent again. */
export function planRedrive(letters: readonly Letter[], { filter, max, maxRedrives, isTold }: RedriveRules): Resolved {
  const records: PlannedLetter[] = [];
  const skipped: Skipped[] = [];
  for (const event of ofEvents(openLetters(letters, filter))) {
    const why = reasonToSkip(event[0], maxRedrives, isTold);
    if (why !== undefined) skipped.push({ record: event[0].record, paymentId: event[0].paymentId, why });
    else if (records.length < max) records.push(planned(event));
  }
  return { records, skipped };
}

/** Why letters are skipped, and how many of each. */
export function skippedByReason(skipped: readonly Skipped[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { why } of skipped) counts.set(why, (counts.get(why) ?? 0) + 1);
  return counts;
}

export const TOLD = 'its payment was delivered, as an outcome says';

function reasonToSkip(letter: Letter, maxRedrives: number, isTold: RedriveRules['isTold']): string | undefined {
  if (!letter.hasValue) return 'it has no value, so there is nothing to send';
  if (letter.redriveCount >= maxRedrives) return `quarantined: redriven ${letter.redriveCount} times already`;
  return isTold(letter) ? TOLD : undefined;
}

function openLetters(letters: readonly Letter[], filter: LetterFilter): Letter[] {
  return letters
    .filter((letter) => letter.closed === null && matches(letter, filter))
    .sort(
      (a, b) =>
        a.place.partition - b.place.partition ||
        a.origin.offset - b.origin.offset ||
        b.redriveCount - a.redriveCount ||
        b.place.offset - a.place.offset,
    );
}

type OfOneEvent = readonly [newest: Letter, ...older: Letter[]];

/** The letters of each event, the newest first. */
function ofEvents(letters: readonly Letter[]): OfOneEvent[] {
  const events = new Map<string, [Letter, ...Letter[]]>();
  for (const letter of letters) {
    const origin = recordName(letter.origin);
    const known = events.get(origin);
    if (known === undefined) events.set(origin, [letter]);
    else known.push(letter);
  }
  return [...events.values()];
}

function planned([newest, ...older]: OfOneEvent): PlannedLetter {
  const { record, origin, paymentId } = newest;
  return { record, alsoCloses: older.map((letter) => letter.record), origin: recordName(origin), paymentId };
}
