import type { Trace } from '../../inspect/history.ts';
import { whereIs, type Known, type Whereabouts } from '../../inspect/where-is.ts';
import { isoTime } from './history-rows.ts';

export type Verdict = Whereabouts['kind'];

/** The first of these that holds for any event of a payment holds for the payment: it is as far as its hindmost event. */
const HINDMOST: readonly Verdict[] = ['not_settled', 'waiting', 'dead_lettered', 'unknown', 'delivered'];

/** One verdict over all events of a payment; `unknown` where there are none. */
export function verdictOver(events: readonly (readonly Trace[])[], known: Known): Verdict {
  const verdicts = events.map((event) => whereIs(event, known).kind);
  return HINDMOST.find((verdict) => verdicts.includes(verdict)) ?? 'unknown';
}

/** Where an event is, in words. */
export function inWords(where: Whereabouts): string {
  switch (where.kind) {
    case 'delivered':
      return where.outcome === undefined
        ? 'delivered: it was settled, and neither a letter nor a waiting copy is left of it'
        : `delivered: the gateway accepted it at ${isoTime(where.outcome.settledAt ?? where.outcome.at)}`;
    case 'dead_lettered': {
      const { letter, isDiscarded } = where;
      if (letter === undefined) return 'dead-lettered; the letter itself has expired';
      const why = `${letter.deadLetterReason}${letter.reason === undefined ? '' : `, ${letter.reason}`}`;
      return `dead-lettered (${why})${isDiscarded ? ', and discarded' : ''}`;
    }
    case 'waiting': {
      const { tier, notBefore, reason } = where.copy;
      const until = notBefore === undefined ? '' : ` until ${isoTime(notBefore)}`;
      return `waits in retry tier ${tier}${until}${reason === undefined ? '' : `, because of ${reason}`}`;
    }
    case 'not_settled':
      return 'not settled: the service has not come to its end yet';
    case 'unknown':
      return 'unknown: what was found does not settle it';
  }
}
