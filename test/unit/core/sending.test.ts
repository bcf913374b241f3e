import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/outcome.ts';
import {
  attemptReturned,
  attemptGivenUp,
  attemptStarted,
  NOTHING_SENT,
  type NextStep,
} from '../../../src/core/sending.ts';
import { REFUSALS_ALONE, type Suspicion } from '../../../src/core/suspicion.ts';

const DELIVERED: Outcome = { kind: 'delivered', code: 'SUCCESS' };
const REFUSED: Outcome = { kind: 'systemic', code: 'ACCESS_DENIED' };
const SILENT: Outcome = { kind: 'no_result', reason: 'timeout' };

/** Payments that are sent one after another; each brings with it what it is suspected of. */
function payments(outageAfter = 0) {
  let sending = NOTHING_SENT;
  const suspicions = new Map<string, Suspicion | undefined>();
  const depart = (paymentId: string) => {
    const [left, attempt] = attemptStarted(sending, 0, 0);
    sending = left;
    return (outcome: Outcome): NextStep => {
      const answer = { paymentId, outcome, suspicion: suspicions.get(paymentId) };
      const [after, next] = attemptReturned(sending, attempt, answer, outageAfter, 0, 0);
      sending = after;
      suspicions.set(paymentId, next.kind === 'send_again' ? next.suspicion : undefined);
      return next;
    };
  };
  const send = (paymentId: string, outcome: Outcome): NextStep => depart(paymentId)(outcome);
  return { depart, send, held: () => sending.hold.kind === 'held' };
}

describe('a payment that is refused while others are answered', () => {
  test('holds everyone once, then waits alone ever longer, and at last is a dead letter', () => {
    const { send, held } = payments();
    expect(send('bad', REFUSED)).toMatchObject({ kind: 'send_again', afterMs: 0 });
    expect(held()).toBe(true);
    for (const afterMs of [1_000, 2_000]) {
      send('good', DELIVERED);
      expect(send('bad', REFUSED)).toMatchObject({ kind: 'send_again', afterMs });
      expect(held()).toBe(false);
    }
    send('good', DELIVERED);
    expect(send('bad', REFUSED)).toEqual({ kind: 'reject' });
    expect(held()).toBe(false);
    expect(REFUSALS_ALONE).toBe(3);
  });

  test('holds again, and is judged no further, while nobody else was answered since', () => {
    const { send, held } = payments();
    send('bad', REFUSED);
    for (let refusal = 0; refusal < 50; refusal += 1) {
      expect(send('bad', REFUSED).kind).toBe('send_again');
      expect(held()).toBe(true);
    }
    send('good', DELIVERED);
    send('bad', REFUSED);
    expect(send('bad', REFUSED)).toMatchObject({ kind: 'send_again', afterMs: 0 });
    expect(held()).toBe(true);
  });

  test('is not judged by answers to requests from before its refusal', () => {
    const { depart, send, held } = payments();
    const early = depart('good');
    send('bad', REFUSED);
    const probe = depart('bad');
    early(DELIVERED);
    expect(probe(REFUSED)).toMatchObject({ kind: 'send_again', afterMs: 0, suspicion: { refusedAlone: 0 } });
    expect(held()).toBe(true);
  });

  test('is not judged by the answer to the last request that had left before its refusal', () => {
    const { depart, send, held } = payments();
    send('bad', REFUSED);
    send('good', DELIVERED);
    const again = depart('bad');
    const last = depart('good');
    expect(again(REFUSED)).toMatchObject({ afterMs: 1_000, suspicion: { refusedAlone: 1 } });
    last(DELIVERED);
    expect(send('bad', REFUSED)).toMatchObject({ afterMs: 0, suspicion: { refusedAlone: 1 } });
    expect(held()).toBe(true);
  });

  test('is not judged while everyone is held, though others were answered since', () => {
    const { send, held } = payments();
    send('bad', REFUSED);
    send('good', DELIVERED);
    send('other', REFUSED);
    expect(held()).toBe(true);
    expect(send('bad', REFUSED)).toMatchObject({ kind: 'send_again', afterMs: 0, suspicion: { refusedAlone: 0 } });
    expect(held()).toBe(true);
  });

  test('is forgiven everything by one answer', () => {
    const { send } = payments();
    send('flaky', REFUSED);
    send('good', DELIVERED);
    send('flaky', REFUSED);
    send('good', DELIVERED);
    expect(send('flaky', DELIVERED)).toEqual({ kind: 'settle' });
    send('good', DELIVERED);
    expect(send('flaky', REFUSED)).toMatchObject({ suspicion: { refusedAlone: 0 } });
  });

  test('stays suspected while it has no result as a probe', () => {
    const { send } = payments();
    send('bad', REFUSED);
    send('good', DELIVERED);
    send('bad', REFUSED);
    send('other', REFUSED);
    expect(send('bad', SILENT)).toMatchObject({ kind: 'send_again', suspicion: { refusedAlone: 1 } });
  });
});

test('a request from before the hold that is given up lets no second probe leave beside the first', () => {
  const [first, early] = attemptStarted(NOTHING_SENT, 0, 0);
  const [second, culprit] = attemptStarted(first, 0, 0);
  const [held] = attemptReturned(second, culprit, { paymentId: 'bad', outcome: REFUSED }, 0, 0, 0);
  const [probing] = attemptStarted(held, 1_000, 0);
  expect(attemptGivenUp(probing, early, 1_100)).toBe(probing);
});

describe('a fault of everyone', () => {
  test('that heals makes nobody a dead letter, whoever began it and however often it was probed', () => {
    const { send } = payments();
    for (let fault = 0; fault < 10; fault += 1) {
      const ids = ['a', 'b', 'c'].map((name) => `${name}${String(fault)}`);
      for (const id of [...ids, ...ids, ...ids]) expect(send(id, REFUSED).kind).toBe('send_again');
      for (const id of ids.reverse()) expect(send(id, DELIVERED)).toEqual({ kind: 'settle' });
    }
  });

  test('in which two are refused while the third is answered judges both, and holds for neither any more', () => {
    const { send, held } = payments();
    const verdicts: string[] = [];
    for (let round = 0; round < 5 && verdicts.length < 2; round += 1) {
      for (const bad of ['p', 'q']) if (send(bad, REFUSED).kind === 'reject') verdicts.push(bad);
      send('good', DELIVERED);
      expect(held()).toBe(false);
    }
    expect(verdicts.sort()).toEqual(['p', 'q']);
  });
});

describe('a request without any result', () => {
  test('settles by itself, also where it begins an outage’s hold or left before it', () => {
    const { depart, send, held } = payments(2);
    const inFlight = depart('c');
    expect(send('a', SILENT)).toEqual({ kind: 'settle' });
    expect(send('b', SILENT)).toEqual({ kind: 'settle' });
    expect(held()).toBe(true);
    expect(inFlight(SILENT)).toEqual({ kind: 'settle' });
  });

  test('changes nothing for its record where it was a probe, and once the hold is over settles', () => {
    const { send } = payments(1);
    send('a', SILENT);
    expect(send('b', SILENT)).toEqual({ kind: 'send_again', afterMs: 0, suspicion: undefined });
    expect(send('c', DELIVERED)).toEqual({ kind: 'settle' });
    expect(send('b', SILENT)).toEqual({ kind: 'settle' });
  });
});
