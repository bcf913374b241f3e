import {
  isTrustworthy,
  keyTurn,
  OPEN,
  pauseMs,
  probeLeft,
  probeReturned,
  requestReturned,
  type Hold,
  type Returned,
} from './hold.ts';
import { judgeRefusal, type Suspicion } from './suspicion.ts';

/** What is known of everything that was sent: requests are numbered as they leave, from 1. */
export interface Sending {
  readonly hold: Hold;
  /** The last request that has left. */
  readonly left: number;
  /** The latest that was answered trustworthily. */
  readonly answered: number;
}

/** Nothing was sent yet. */
export const NOTHING_SENT: Sending = { hold: OPEN, left: 0, answered: 0 };

/** A request as it leaves; `keyTurn` above 0 tries the key versions at hand in turn. */
export interface Departure {
  readonly number: number;
  readonly probe: boolean;
  readonly keyTurn: number;
}

/** What a request brought, of the payment it was for. */
export type Answer = Omit<Returned, 'number'> & {
  /** What its earlier refusals have left, if there were any. */
  readonly suspicion?: Suspicion | undefined;
};

/** What is to become of a record, as far as others decide it. */
export type Verdict =
  /** Its own answer says what. */
  | { readonly kind: 'settle' }
  /** Nothing yet: it is to be sent again, after this pause. */
  | { readonly kind: 'again'; readonly afterMs: number; readonly suspicion: Suspicion | undefined }
  /** It is refused for good: what should concern everyone concerns this payment alone. */
  | { readonly kind: 'alone' };

/** The next request leaves, as a probe while held. `chance` is 0 to 1, drawn by the caller, here and below. */
export function leave(sending: Sending, now: number, chance: number): [Sending, Departure] {
  const number = sending.left + 1;
  if (sending.hold.kind === 'open')
    return [
      { ...sending, left: number },
      { number, probe: false, keyTurn: 0 },
    ];
  const hold = probeLeft(sending.hold, now, chance);
  return [
    { ...sending, hold, left: number },
    { number, probe: true, keyTurn: keyTurn(hold) },
  ];
}

/** A place is given back, and nothing was learnt. */
export function giveUp(sending: Sending, { number, probe }: Departure, now: number): Sending {
  if (!probe || sending.hold.kind === 'open') return sending;
  return { ...sending, hold: probeReturned(sending.hold, number, undefined, now) };
}

/**
 * A request has come back: what that says of everyone, and of this record.
 *
 * @param outageAfter payments in a row without a trustworthy result that hold; 0 = none do
 */
export function comeBack(
  before: Sending,
  { number, probe }: Departure,
  { paymentId, outcome, suspicion }: Answer,
  outageAfter: number,
  now: number,
  chance: number,
): [Sending, Verdict] {
  const trustworthy = isTrustworthy(outcome);
  const answered = trustworthy ? Math.max(before.answered, number) : before.answered;
  const hold =
    probe && before.hold.kind === 'held'
      ? probeReturned(before.hold, number, outcome, now)
      : requestReturned(before.hold, { number, paymentId, outcome }, outageAfter, now, chance);
  const after: Sending = { ...before, hold, answered };
  if (outcome.kind !== 'systemic') {
    return [after, probe && !trustworthy ? { kind: 'again', afterMs: 0, suspicion } : { kind: 'settle' }];
  }
  const judged = judgeRefusal(suspicion, { left: before.left, answered, held: before.hold.kind === 'held' });
  switch (judged.concerns) {
    case 'everyone':
      return [after, { kind: 'again', afterMs: 0, suspicion: judged.suspicion }];
    case 'perhaps_one':
      return [
        before,
        { kind: 'again', afterMs: pauseMs(judged.suspicion.refusedAlone - 1, chance), suspicion: judged.suspicion },
      ];
    case 'one':
      return [before, { kind: 'alone' }];
  }
}
