import { describe, expect, test } from 'vitest';
import { beginHold, mayProbe, OPEN, probeLeft, probePauseMs, probeReturned } from '../../src/core/hold.ts';

const NOW = 50_000;
const began = beginHold(OPEN, 'KEY_NOT_FOUND', NOW, 0);

describe('the pause before a probe', () => {
  test('doubles from 1 s up to 30 s', () => {
    const pauses = [0, 1, 2, 3, 4, 5, 6, 100, 10_000].map((probes) => probePauseMs(probes, 0));
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  test('is jittered by up to a quarter, so that members do not probe in step, and never past 30 s', () => {
    expect([0, 0.5, 1].map((chance) => probePauseMs(0, chance))).toEqual([1_000, 1_125, 1_250]);
    expect(probePauseMs(4, 1)).toBe(20_000);
    expect(probePauseMs(5, 1)).toBe(30_000);
  });
});

describe('a hold', () => {
  test('begins with its reason and a first probe a second later', () => {
    expect(began).toEqual({
      kind: 'held',
      reason: 'KEY_NOT_FOUND',
      since: NOW,
      probes: 0,
      nextProbeAt: NOW + 1_000,
      probing: false,
    });
  });

  test('that is there already stays as it is, whatever else is refused', () => {
    expect(beginHold(began, 'ACCESS_DENIED', NOW + 500, 1)).toBe(began);
  });

  test('lets a probe go when its time has come and none is on its way', () => {
    expect(mayProbe(began, NOW + 999)).toBe(false);
    expect(mayProbe(began, NOW + 1_000)).toBe(true);
    expect(mayProbe(probeLeft(began), NOW + 60_000)).toBe(false);
  });
});

describe('a probe that comes back', () => {
  const probing = probeLeft(began);

  test('with an answer that shows the fault is gone ends the hold', () => {
    expect(probeReturned(probing, { kind: 'ended' }, NOW + 1_200, 0)).toBe(OPEN);
  });

  test('with the fault still there makes the next one wait longer', () => {
    const again = probeReturned(probing, { kind: 'still_held', reason: 'KEY_NOT_FOUND' }, NOW + 1_200, 0);
    expect(again).toEqual({ ...began, probes: 1, probing: false, nextProbeAt: NOW + 3_200 });
  });

  test('told by another code goes on under that one, and since the same time', () => {
    const again = probeReturned(probing, { kind: 'still_held', reason: 'ACCESS_DENIED' }, NOW + 1_200, 0);
    expect(again).toMatchObject({ reason: 'ACCESS_DENIED', since: NOW });
  });

  test('having learnt nothing frees its place and delays nobody', () => {
    const again = probeReturned(probing, { kind: 'nothing' }, NOW + 1_200, 0);
    expect(again).toMatchObject({ kind: 'held', reason: 'KEY_NOT_FOUND', probing: false });
    expect(again.kind === 'held' && mayProbe(again, NOW + 1_200)).toBe(true);
  });
});
