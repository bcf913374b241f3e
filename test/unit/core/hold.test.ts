import { describe, expect, test } from 'vitest';
import {
  keyChoice,
  mayProbe,
  OPEN,
  pauseMs,
  probeSent,
  probeReturned,
  requestReturned,
} from '../../../src/core/hold.ts';
import type { Held, Hold } from '../../../src/core/hold.ts';
import type { NoResultReason, Outcome } from '../../../src/core/outcome.ts';

const NOW = 50_000;
const DELIVERED: Outcome = { kind: 'delivered', code: 'SUCCESS' };
const systemic = (code: string): Outcome => ({ kind: 'systemic', code });
const noResult = (reason: NoResultReason): Outcome => ({ kind: 'no_result', reason });

const held = (code: string): Held => {
  const hold = requestReturned(OPEN, { number: 7, paymentId: 'p', outcome: systemic(code) }, 0, NOW, 0);
  if (hold.kind !== 'held') throw new Error('a systemic answer did not hold');
  return hold;
};
const began = held('KEY_NOT_FOUND');

/** What is held after these payments have had no trustworthy result, in this order. */
function after(outageAfter: number, ...attempts: readonly [paymentId: string, outcome: Outcome][]): Hold {
  return attempts.reduce<Hold>(
    (hold, [paymentId, outcome], at) =>
      requestReturned(hold, { number: at + 1, paymentId, outcome }, outageAfter, NOW, 0),
    OPEN,
  );
}

describe('the pause before a try', () => {
  test('is 1, 2 and then always 4 s', () => {
    const pauses = [0, 1, 2, 3, 4, 100, 10_000].map((tries) => pauseMs(tries, 0));
    expect(pauses).toEqual([1_000, 2_000, 4_000, 4_000, 4_000, 4_000, 4_000]);
  });

  test('is jittered by up to a quarter, the longest one too, so that members never try in step', () => {
    expect([0, 0.5, 1].map((chance) => pauseMs(0, chance))).toEqual([1_000, 1_125, 1_250]);
    expect([0, 0.5, 1].map((chance) => pauseMs(50, chance))).toEqual([4_000, 4_500, 5_000]);
  });
});

describe('a systemic answer', () => {
  test('begins a hold with its code and a first probe a second later', () => {
    expect(began).toMatchObject({ kind: 'held', reason: 'KEY_NOT_FOUND', since: NOW, nextProbeAt: NOW + 1_000 });
  });

  test('changes nothing about a hold that is there already', () => {
    const late = { number: 6, paymentId: 'q', outcome: systemic('ACCESS_DENIED') };
    expect(requestReturned(began, late, 0, NOW + 500, 1)).toBe(began);
  });

  test('to a request from before the end of the last hold begins no new one', () => {
    const open = probeReturned(probeSent(began, NOW + 1_000, 0), 9, DELIVERED, NOW + 1_200);
    const refused = (number: number): Hold =>
      requestReturned(open, { number, paymentId: 'p', outcome: systemic('KEY_NOT_FOUND') }, 0, NOW + 2_000, 0);
    expect(refused(8)).toBe(open);
    expect(refused(10)).toMatchObject({ kind: 'held' });
  });
});

describe('attempts in a row without a trustworthy result', () => {
  const timeout = noResult('timeout');

  test('hold when there are as many payments as configured, not one sooner', () => {
    expect(after(3, ['a', timeout], ['b', timeout]).kind).toBe('open');
    expect(after(3, ['a', timeout], ['b', timeout], ['c', timeout])).toMatchObject({ kind: 'held', reason: 'outage' });
  });

  test('count a payment once, however often it fails', () => {
    expect(after(2, ['a', timeout], ['a', timeout], ['a', timeout]).kind).toBe('open');
    expect(after(2, ['a', timeout], ['a', timeout], ['b', timeout]).kind).toBe('held');
  });

  test.each<Outcome>([
    DELIVERED,
    { kind: 'rejected', code: 'PARAM_ILLEGAL' },
    { kind: 'unknown', code: 'UNKNOWN_EXCEPTION' },
  ])('are counted anew after a trustworthy answer ($kind)', (outcome) => {
    expect(after(2, ['a', timeout], ['b', outcome], ['c', timeout]).kind).toBe('open');
    expect(after(2, ['a', timeout], ['b', outcome], ['c', timeout], ['d', timeout]).kind).toBe('held');
  });

  test('hold as untrusted_response where every one was answered by nobody to be trusted, else as outage', () => {
    const untrusted = noResult('untrusted_response');
    expect(after(2, ['a', untrusted], ['b', untrusted])).toMatchObject({ reason: 'untrusted_response' });
    expect(after(2, ['a', untrusted], ['b', timeout])).toMatchObject({ reason: 'outage' });
    expect(after(2, ['a', timeout], ['b', untrusted])).toMatchObject({ reason: 'outage' });
    const askedForLess: Outcome = {
      kind: 'no_result',
      reason: 'untrusted_response',
      claims: 'REQUEST_TRAFFIC_EXCEED_LIMIT',
    };
    expect(after(2, ['a', untrusted], ['b', askedForLess])).toMatchObject({ reason: 'outage' });
    expect(after(2, ['a', timeout], ['b', DELIVERED], ['c', untrusted], ['d', untrusted])).toMatchObject({
      reason: 'untrusted_response',
    });
  });

  test('never hold where 0 is configured, and are not even remembered', () => {
    const ids = Array.from({ length: 1_000 }, (_, at): [string, Outcome] => [String(at), timeout]);
    expect(after(0, ...ids)).toEqual(OPEN);
  });
});

describe('a probe', () => {
  test('leaves when its time has come and none is on its way', () => {
    expect(mayProbe(began, NOW + 999)).toBe(false);
    expect(mayProbe(began, NOW + 1_000)).toBe(true);
    expect(mayProbe(probeSent(began, NOW + 1_000, 0), NOW + 60_000)).toBe(false);
  });

  test('that waited long for its answer delays the next one no further: pauses count from when it left', () => {
    const back = probeReturned(probeSent(began, NOW + 1_000, 0), 8, noResult('timeout'), NOW + 6_000);
    expect(back.kind === 'held' && mayProbe(back, NOW + 6_000)).toBe(true);
  });
});

describe('a probe that comes back', () => {
  const probing = probeSent(began, NOW + 1_000, 0);

  test('with a trustworthy answer ends the hold', () => {
    expect(probeReturned(probing, 8, DELIVERED, NOW + 1_200)).toEqual({ ...OPEN, since: 8 });
  });

  test('with the fault still there makes the next one wait longer', () => {
    const again = probeReturned(probing, 8, systemic('KEY_NOT_FOUND'), NOW + 1_200);
    expect(again).toEqual({ ...began, probes: 1, keyProbes: 1, probing: false, nextProbeAt: NOW + 3_000 });
  });

  test('told by another code goes on under that one, and since the same time', () => {
    const again = probeReturned(probing, 8, systemic('ACCESS_DENIED'), NOW + 1_200);
    expect(again).toMatchObject({ reason: 'ACCESS_DENIED', since: NOW });
  });

  test('without any result goes on under the same reason', () => {
    expect(probeReturned(probing, 8, noResult('timeout'), NOW + 6_000)).toMatchObject({ reason: 'KEY_NOT_FOUND' });
  });

  test('given up frees its place and delays nobody', () => {
    const again = probeReturned(probing, 8, undefined, NOW + 1_200);
    expect(again).toMatchObject({ kind: 'held', reason: 'KEY_NOT_FOUND', probing: false });
    expect(again.kind === 'held' && mayProbe(again, NOW + 1_200)).toBe(true);
  });
});

describe('the key version a probe is signed with', () => {
  /** The turns of the first probes of a hold of which each is refused with the next code. */
  function turns(...codes: string[]): number[] {
    let hold = held(codes[0] ?? '');
    return codes.map((_, probe) => {
      hold = probeSent(hold, NOW, 0);
      const turn = keyChoice(hold);
      const back = probeReturned(hold, probe, systemic(codes[probe + 1] ?? ''), NOW);
      if (back.kind === 'held') hold = back;
      return turn;
    });
  }

  test('is another one each time while our key is what is refused', () => {
    expect(turns('KEY_NOT_FOUND', 'KEY_NOT_FOUND', 'KEY_NOT_FOUND')).toEqual([1, 2, 3]);
  });

  test('goes on by turns though the versions are refused by different codes, and the hold keeps its reason', () => {
    expect(turns('INVALID_SIGNATURE', 'KEY_NOT_FOUND', 'INVALID_SIGNATURE')).toEqual([1, 2, 3]);
    const probing = probeSent(began, NOW, 0);
    expect(probeReturned(probing, 8, systemic('INVALID_SIGNATURE'), NOW)).toMatchObject({ reason: 'KEY_NOT_FOUND' });
  });

  test('is the one in use while something else is refused', () => {
    expect(turns('ACCESS_DENIED', 'ACCESS_DENIED', 'KEY_NOT_FOUND', 'KEY_NOT_FOUND')).toEqual([0, 0, 1, 2]);
  });
});
