import { closesLetter, isOfRedrive } from '../../core/provenance.ts';
import { recordName } from '../../core/record.ts';
import type { ClosingRecord, DeadLetter, ParkedCopy } from '../../inspect/history.ts';
import { liveCopies } from '../../inspect/where-is.ts';
import type { Unread } from '../../inspect/unread.ts';
import { gather, topicsWithTraces, type Reading } from '../evidence.ts';

/** What became of what one redrive has sent; `sent` is the sum of the others, always. */
export interface RedriveStatus {
  readonly id: string;
  readonly sent: number;
  readonly delivered: number;
  readonly waiting: number;
  readonly deadAgain: number;
}

/** The traces that one redrive has left. */
export interface RedriveTraces {
  readonly closings: readonly ClosingRecord[];
  readonly copies: readonly ParkedCopy[];
  readonly letters: readonly DeadLetter[];
  readonly committed: ReadonlyMap<string, number>;
  /** Whether all was read: else what is seen nowhere may still be waiting, and is taken for that. */
  readonly complete: boolean;
}

/** The redrive that closed a letter last; `undefined` where none ever did. */
export function latestRedrive(closings: readonly ClosingRecord[]): string | undefined {
  return closings
    .filter(({ as, redriveId }) => as === 'redriven' && redriveId !== undefined)
    .toSorted((a, b) => b.at - a.at)[0]?.redriveId;
}

/** Counts events: each is in one place, as whatever it left last says. */
export function redriveStatus(id: string, traces: RedriveTraces): RedriveStatus {
  const { closings, copies, letters, committed, complete } = traces;
  const sent = new Set(closings.map(({ origin, closes }) => recordName(origin ?? closes)));
  const waiting = new Set(liveCopies(copies, committed).map(({ origin }) => recordName(origin)));
  const dead = new Set(letters.map(({ origin }) => recordName(origin)));
  const status = { delivered: 0, waiting: 0, deadAgain: 0 };
  for (const event of sent) {
    if (waiting.has(event)) status.waiting += 1;
    else if (dead.has(event)) status.deadAgain += 1;
    else if (complete) status.delivered += 1;
    else status.waiting += 1;
  }
  return { id, sent: sent.size, ...status };
}

/** Reads what a redrive has left. */
export async function readRedrive(
  id: string,
  reading: Reading,
): Promise<RedriveTraces & { readonly unread: readonly Unread[] }> {
  const { source, outcomes } = reading.topology;
  const topics = (await topicsWithTraces(reading)).filter((topic) => topic !== source && topic !== outcomes);
  const found = { closings: [] as ClosingRecord[], copies: [] as ParkedCopy[], letters: [] as DeadLetter[] };
  const { committed, unread } = await gather(reading, {
    topics: topics.map((topic) => ({ topic })),
    wants: ({ headers = {} }) => isOfRedrive(headers, id) || closesLetter(headers),
    visit: (trace) => {
      if (trace.kind === 'closed' && trace.as === 'redriven' && trace.redriveId === id) found.closings.push(trace);
      else if (trace.kind === 'copy' && trace.redriveId === id) found.copies.push(trace);
      else if (trace.kind === 'letter' && trace.redriveId === id) found.letters.push(trace);
    },
  });
  return { ...found, committed, unread, complete: unread.length === 0 };
}
