import {
  isTrustworthy,
  keyChoice,
  OPEN,
  pauseMs,
  probeSent,
  probeReturned,
  requestReturned,
  type Hold,
  type Returned,
} from './hold.ts';
import { judgeRefusal, type Suspicion } from './suspicion.ts';

/** What is known of all requests sent so far. They are numbered from 1, in the order in which they leave. */
export interface Sending {
  readonly hold: Hold;
  /** The number of the last request sent. */
  readonly lastSent: number;
  /** The number of the latest request that had a trustworthy answer. */
  readonly answered: number;
}

export const NOTHING_SENT: Sending = { hold: OPEN, lastSent: 0, answered: 0 };

/** A request that is about to leave. */
export interface StartedAttempt {
  readonly number: number;
  readonly probe: boolean;
  /** Which key version signs it, as `keyChoice` of the hold says. */
  readonly keyChoice: number;
}

/** What came of a request, and which payment it was for. */
export type AttemptResult = Omit<Returned, 'number'> & {
  /** What is known from earlier refusals of this payment, if there were any. */
  readonly suspicion?: Suspicion | undefined;
};

/** What is to be done with a record after an attempt, given what other payments have met. */
export type NextStep =
  /** Its own outcome decides what becomes of it. */
  | { readonly kind: 'settle' }
  /** Nothing is decided: it is to be sent again, after a pause in milliseconds. */
  | { readonly kind: 'send_again'; readonly afterMs: number; readonly suspicion: Suspicion | undefined }
  /** It is refused for good: the refusal should concern every payment, but only this one meets it. */
  | { readonly kind: 'reject' };

/**
 * The next request is about to leave, as a probe while held.
 *
 * @param chance 0 to 1, drawn by the caller, here and below
 */
export function attemptStarted(sending: Sending, now: number, chance: number): [Sending, StartedAttempt] {
  const number = sending.lastSent + 1;
  if (sending.hold.kind === 'open')
    return [
      { ...sending, lastSent: number },
      { number, probe: false, keyChoice: 0 },
    ];
  const hold = probeSent(sending.hold, now, chance);
  return [
    { ...sending, hold, lastSent: number },
    { number, probe: true, keyChoice: keyChoice(hold) },
  ];
}

/** A request was not sent after all, or nobody needs its answer any more: nothing was learnt from it. */
export function attemptGivenUp(sending: Sending, { number, probe }: StartedAttempt, now: number): Sending {
  if (!probe || sending.hold.kind === 'open') return sending;
  return { ...sending, hold: probeReturned(sending.hold, number, undefined, now) };
}

/**
 * A request has come back. Says what is known of all requests now, and what to do with the record it was for.
 *
 * @param outageAfter how many payments in a row without a trustworthy result begin a hold; 0 = never
 */
export function attemptReturned(
  before: Sending,
  { number, probe }: StartedAttempt,
  { paymentId, outcome, suspicion }: AttemptResult,
  outageAfter: number,
  now: number,
  chance: number,
): [Sending, NextStep] {
  const trustworthy = isTrustworthy(outcome);
  const answered = trustworthy ? Math.max(before.answered, number) : before.answered;
  const hold =
    probe && before.hold.kind === 'held'
      ? probeReturned(before.hold, number, outcome, now)
      : requestReturned(before.hold, { number, paymentId, outcome }, outageAfter, now, chance);
  const after: Sending = { ...before, hold, answered };
  if (outcome.kind !== 'systemic') {
    return [after, probe && !trustworthy ? { kind: 'send_again', afterMs: 0, suspicion } : { kind: 'settle' }];
  }
  const judged = judgeRefusal(suspicion, { lastSent: before.lastSent, answered, held: before.hold.kind === 'held' });
  switch (judged.concerns) {
    case 'everyone':
      return [after, { kind: 'send_again', afterMs: 0, suspicion: judged.suspicion }];
    case 'perhaps_one':
      return [
        before,
        {
          kind: 'send_again',
          afterMs: pauseMs(judged.suspicion.refusedAlone - 1, chance),
          suspicion: judged.suspicion,
        },
      ];
    case 'one':
      return [before, { kind: 'reject' }];
  }
}
