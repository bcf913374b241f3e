import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/outcome.ts';
import { pass as passTime, soon, useVirtualTime } from '../../support/fixtures.ts';
import { DELIVERED, gateWith, NO_RESULT, SYSTEMIC } from '../../support/scripted-gate.ts';

useVirtualTime();

const FIRST_PAUSE_MS = 1_250;

/** A gate whose hold began with the lane `culprit`, and the others that wait there since. */
async function heldWith(...waiting: string[]) {
  const lanes = gateWith();
  lanes.enter('culprit');
  await passTime(10_000);
  expect(lanes.done('culprit', SYSTEMIC)).toBe('send_again');
  lanes.entered.length = 0;
  lanes.queue(...waiting);
  await soon();
  return lanes;
}

describe('a systemic answer', () => {
  test('holds everyone: nothing leaves before the first probe', async () => {
    const { entered, kinds } = await heldWith('a', 'b');
    await passTime(999);
    expect(entered).toEqual([]);
    expect(kinds()).toEqual(['hold_began']);
  });

  test('among requests in flight lets the others settle by their own answers and begins one hold', async () => {
    const { queue, done, kinds } = gateWith();
    queue('a', 'b', 'c', 'd');
    await soon();
    expect(done('a', SYSTEMIC)).toBe('send_again');
    expect(done('b', DELIVERED)).toBe('settle');
    expect(done('c', NO_RESULT)).toBe('settle');
    expect(done('d', { kind: 'systemic', code: 'ACCESS_DENIED' })).toBe('send_again');
    expect(kinds()).toEqual(['hold_began']);
  });
});

describe('a held gate', () => {
  test('lets one probe at a time go, with growing pauses', async () => {
    const { gate, entered, queue, done } = await heldWith('a', 'b', 'c');
    await passTime(FIRST_PAUSE_MS);
    expect(entered).toEqual(['a']);
    expect(done('a', SYSTEMIC)).toBe('send_again');
    queue('a');
    await passTime(1_999 - 250);
    expect(entered).toEqual(['a']);
    await passTime(501 + 250);
    expect(entered).toEqual(['a', 'b']);
    await passTime(60_000);
    expect(entered).toEqual(['a', 'b']);
    expect(gate.inFlight).toBe(1);
  });

  test('sends its probes round the heads of the lanes', async () => {
    const { entered, queue, done } = await heldWith('a', 'b', 'c');
    for (let probe = 0; probe < 7; probe += 1) {
      await passTime(30_000);
      const head = entered.at(-1) ?? '';
      done(head, SYSTEMIC);
      queue(head);
    }
    expect(entered).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a']);
  });

  test.each<Outcome>([
    DELIVERED,
    { kind: 'rejected', code: 'PARAM_ILLEGAL' },
    { kind: 'unknown', code: 'UNKNOWN_EXCEPTION' },
  ])('opens for everyone on a trustworthy answer ($kind), and that record settles', async (outcome) => {
    const { entered, done, kinds } = await heldWith('a', 'b', 'c');
    await passTime(FIRST_PAUSE_MS);
    expect(done('a', outcome)).toBe('settle');
    await soon();
    done('b', DELIVERED);
    await soon();
    expect(entered).toEqual(['a', 'b', 'c']);
    expect(kinds()).toEqual(['hold_began', 'hold_probed', 'hold_ended']);
  });

  test.each([NO_RESULT, SYSTEMIC])('goes on after $kind, and nothing becomes of the record', async (outcome) => {
    const { entered, done, facts } = await heldWith('a', 'b');
    await passTime(FIRST_PAUSE_MS);
    expect(done('a', outcome)).toBe('send_again');
    await soon();
    expect(entered).toEqual(['a']);
    expect(facts.at(-1)).toMatchObject({ kind: 'hold_probed', reason: 'KEY_NOT_FOUND', ended: false });
  });

  test('tells how long it held, and by which code it goes on', async () => {
    const { done, facts } = await heldWith('a', 'b');
    await passTime(FIRST_PAUSE_MS);
    done('a', { kind: 'systemic', code: 'ACCESS_DENIED' });
    expect(facts.slice(1)).toMatchObject([
      { kind: 'hold_probed', reason: 'KEY_NOT_FOUND', ended: false },
      { kind: 'hold_ended', reason: 'KEY_NOT_FOUND', heldMs: FIRST_PAUSE_MS },
      { kind: 'hold_began', reason: 'ACCESS_DENIED', paymentId: 'payment of a' },
    ]);
  });

  test('tells of each probe whether it ended the hold, and when the next one may leave', async () => {
    const { facts, queue, done } = await heldWith('a');
    const told = () => facts.findLast((fact) => fact.kind === 'hold_probed');
    await passTime(FIRST_PAUSE_MS);
    done('a', SYSTEMIC);
    expect(told()).toMatchObject({ ended: false });
    // Counted from when it left, which was up to a quarter of a second ago.
    expect(told()?.nextProbeInMs).toBeGreaterThanOrEqual(1_750);
    expect(told()?.nextProbeInMs).toBeLessThanOrEqual(2_500);
    queue('a');
    await passTime(60_000);
    done('a', NO_RESULT);
    expect(told()).toMatchObject({ ended: false, nextProbeInMs: 0 });
    queue('a');
    await soon();
    done('a', DELIVERED);
    expect(told()).toMatchObject({ ended: true, nextProbeInMs: 0 });
  });

  test('lets the next probe go at once where one was abandoned without a result', async () => {
    const { entered, done, kinds } = await heldWith('a', 'b');
    await passTime(FIRST_PAUSE_MS);
    done('a', undefined);
    await soon();
    expect(entered).toEqual(['a', 'b']);
    expect(kinds()).toEqual(['hold_began']);
  });

  test('forgets a waiter that gives up: its turn is the next one’s', async () => {
    const lanes = await heldWith();
    const a = lanes.enter('a');
    lanes.enter('b');
    await soon();
    a.abort();
    await passTime(FIRST_PAUSE_MS);
    expect(lanes.given).toEqual(['a abandoned']);
    expect(lanes.entered).toEqual(['b']);
  });

  test('probes for the first one who comes, though its time came while nobody waited', async () => {
    const { entered, queue } = await heldWith();
    await passTime(60_000);
    queue('a', 'b');
    await soon();
    expect(entered).toEqual(['a']);
  });

  test('takes no answer to a request from before it for a probe: neither a second probe leaves nor does it end', async () => {
    const { entered, queue, done, kinds } = gateWith();
    queue('a', 'b');
    await soon();
    done('a', SYSTEMIC);
    queue('c', 'd');
    await passTime(FIRST_PAUSE_MS);
    expect(entered).toEqual(['a', 'b', 'c']);
    expect(done('b', DELIVERED)).toBe('settle');
    await passTime(60_000);
    expect(entered).toEqual(['a', 'b', 'c']);
    expect(kinds()).toEqual(['hold_began']);
  });
});

describe('after a hold', () => {
  test('one request goes, then two, four and so on until as many are in flight as may be', async () => {
    const lanes = gateWith({ maxInFlight: 6 });
    lanes.enter('culprit');
    await soon();
    lanes.done('culprit', SYSTEMIC);
    lanes.queue(...Array.from({ length: 30 }, (_, at) => String(at)));
    await passTime(FIRST_PAUSE_MS);
    const open: number[] = [];
    for (let trip = 0; trip < 5; trip += 1) {
      const before = lanes.entered.length;
      for (const name of lanes.entered.slice(before - lanes.gate.inFlight)) lanes.done(name, DELIVERED);
      await soon();
      open.push(lanes.gate.inFlight);
    }
    expect(open).toEqual([1, 2, 4, 6, 6]);
  });

  test('answers without a result bring no more in flight, and requests from before it take nobody’s place', async () => {
    const lanes = gateWith();
    lanes.queue('culprit', 'early');
    await soon();
    lanes.done('culprit', SYSTEMIC);
    lanes.queue('a', 'b', 'c', 'd');
    await passTime(FIRST_PAUSE_MS);
    lanes.done('a', DELIVERED);
    await soon();
    expect(lanes.entered).toEqual(['culprit', 'early', 'a', 'b']);
    lanes.done('early', DELIVERED);
    await soon();
    expect(lanes.entered.at(-1)).toBe('b');
    lanes.done('b', NO_RESULT);
    await soon();
    expect(lanes.entered.at(-1)).toBe('c');
  });
});

describe('an outage', () => {
  test('holds after so many payments without a result; they settle, and what is a probe does not', async () => {
    const { queue, done, kinds, facts } = gateWith({ outageHoldAfter: 2 });
    queue('a', 'b', 'c');
    await soon();
    expect(done('a', NO_RESULT)).toBe('settle');
    expect(kinds()).toEqual([]);
    expect(done('b', NO_RESULT)).toBe('settle');
    expect(facts).toEqual([{ kind: 'hold_began', reason: 'outage', paymentId: 'payment of b' }]);
    expect(done('c', NO_RESULT)).toBe('settle');
    queue('d');
    await passTime(FIRST_PAUSE_MS);
    expect(done('d', NO_RESULT)).toBe('send_again');
    queue('d');
    await passTime(5_000);
    expect(done('d', DELIVERED)).toBe('settle');
    expect(kinds()).toEqual(['hold_began', 'hold_probed', 'hold_probed', 'hold_ended']);
  });
});

describe('a payment that alone is refused', () => {
  test('waits by itself while the others go on, and is told to be alone in the end', async () => {
    const lanes = await heldWith('good');
    lanes.queue('culprit');
    await passTime(FIRST_PAUSE_MS);
    lanes.done('good', DELIVERED);
    for (const pauseMs of [1_000, 2_000]) {
      await soon();
      const next = lanes.comeBack('culprit', SYSTEMIC);
      expect(next.kind === 'send_again' && next.afterMs / pauseMs).toBeGreaterThanOrEqual(1);
      expect(next.kind === 'send_again' && next.afterMs / pauseMs).toBeLessThanOrEqual(1.25);
      lanes.queue('good');
      await soon();
      expect(lanes.done('good', DELIVERED)).toBe('settle');
      lanes.queue('culprit');
    }
    await soon();
    expect(lanes.done('culprit', SYSTEMIC)).toBe('reject');
    expect(lanes.kinds()).toEqual(['hold_began', 'hold_probed', 'hold_ended']);
  });
});

describe('probes', () => {
  test('try the key versions in turn while our key is refused, beginning anew with each hold; nothing else does', async () => {
    const lanes = await heldWith('a');
    const turns: (number | undefined)[] = [];
    for (const outcome of [SYSTEMIC, NO_RESULT, DELIVERED]) {
      await passTime(5_000);
      turns.push(lanes.keyChoice('a'));
      lanes.done('a', outcome);
      lanes.queue('a');
    }
    await soon();
    expect([...turns, lanes.keyChoice('a')]).toEqual([1, 2, 3, 0]);
    lanes.done('a', SYSTEMIC);
    lanes.queue('b');
    await passTime(FIRST_PAUSE_MS);
    expect(lanes.keyChoice('b')).toBe(1);
  });

  test('are taken from who waits longest, live or retry', async () => {
    const { entered, enter, done } = await heldWith();
    enter('r', 'retry');
    enter('l', 'live');
    await passTime(FIRST_PAUSE_MS);
    expect(entered).toEqual(['r']);
    done('r', SYSTEMIC);
    enter('r', 'retry');
    await passTime(5_000);
    expect(entered).toEqual(['r', 'l']);
  });
});
