import { describe, expect, test } from 'vitest';
import { Pace } from '../../../src/core/pace.ts';

/** Answers that are no refusal, one every `everyMs` from `fromMs` to before `toMs`. */
function accept(pace: Pace, fromMs: number, toMs: number, everyMs: number): void {
  for (let at = fromMs; at < toMs; at += everyMs) pace.accepted(at);
}

/** A gateway that took ten requests a second for ten seconds, and then refused one. */
function refusedAt10s(maxRate = 0): Pace {
  const pace = new Pace(maxRate);
  accept(pace, 0, 10_000, 100);
  pace.refused(101, 110, 10_000);
  return pace;
}

describe('without a cap and without refusals', () => {
  test('nothing limits the rate, however many leave', () => {
    const pace = new Pace(0);
    for (let number = 0; number < 100; number += 1) pace.left(0);
    expect([pace.limit(0), pace.waitMs(0), pace.isAdapted(0)]).toEqual([Number.POSITIVE_INFINITY, 0, false]);
  });
});

describe('the configured cap', () => {
  test('spaces requests evenly, and is not taken for the gateway’s', () => {
    const pace = new Pace(10);
    pace.left(1_000);
    pace.left(1_080);
    expect([pace.limit(1_080), pace.waitMs(1_080), pace.isAdapted(1_080)]).toEqual([10, 100, false]);
  });

  test('makes up 20 ms that a late timer has cost, and no more', () => {
    const pace = new Pace(10);
    pace.left(0);
    pace.left(95);
    expect(pace.waitMs(95)).toBe(85);
    pace.left(1_000);
    expect([pace.waitMs(1_000), pace.waitMs(1_080), pace.waitMs(5_000)]).toEqual([80, 0, 0]);
  });
});

describe('after a refusal for the traffic', () => {
  test('sending falls to nine tenths of what was accepted, is back there after 5 s, and rises ever faster', () => {
    const pace = refusedAt10s();
    const limits = [0, 2_500, 5_000, 7_500, 10_000, 20_000].map((ms) => pace.limit(10_000 + ms));
    for (const [at, limit] of [9, 9.875, 10, 10.125, 11, 37].entries()) expect(limits[at]).toBeCloseTo(limit);
    expect(pace.isAdapted(30_000)).toBe(true);
  });

  test('is limited until ten times what was accepted is not refused, and then by nothing', () => {
    const pace = refusedAt10s();
    expect(pace.limit(37_400)).toBeCloseTo(100, 0);
    for (let count = 0; count < 10; count += 1) pace.left(37_400);
    expect(pace.waitMs(37_400)).toBeGreaterThan(50);
    expect([pace.limit(37_410), pace.isAdapted(37_410)]).toEqual([Number.POSITIVE_INFINITY, false]);
    expect(pace.waitMs(37_410)).toBe(0);
  });

  test('never leaves faster than the configured cap', () => {
    const pace = refusedAt10s(12);
    expect([pace.limit(20_000), pace.isAdapted(20_000)]).toEqual([11, true]);
    expect([pace.limit(30_000), pace.isAdapted(30_000)]).toEqual([12, false]);
  });

  test('a request still leaves every two seconds, though none was ever accepted', () => {
    const pace = new Pace(0);
    pace.refused(1, 1, 0);
    pace.left(0);
    expect(pace.limit(0)).toBeCloseTo(0.5);
    expect(pace.waitMs(0)).toBeCloseTo(1_980);
  });

  test('the refusals of those that had left before it change nothing; the next one’s does', () => {
    const pace = refusedAt10s();
    pace.refused(110, 120, 14_000);
    expect(pace.limit(15_000)).toBeCloseTo(10);
    pace.refused(111, 120, 15_000);
    expect(pace.limit(15_000)).toBeLessThan(9);
  });
});

describe('what was accepted', () => {
  const rateAfter = (pace: Pace, now: number): number => {
    pace.refused(1_000, 1_000, now);
    return pace.limit(now) / 0.9;
  };

  test('is that of the last second', () => {
    const pace = new Pace(0);
    accept(pace, 0, 9_000, 10);
    accept(pace, 9_000, 10_000, 50);
    expect(rateAfter(pace, 9_999)).toBeCloseTo(20);
  });

  test.each([0, 10_000])('is that of a whole second, even where all came at once, at %i', (at) => {
    const pace = new Pace(0);
    for (let count = 0; count < 30; count += 1) pace.accepted(at);
    expect(rateAfter(pace, at)).toBeCloseTo(30);
  });

  test('is that since the last cut, where it is longer ago, and nothing of the time before it', () => {
    const pace = new Pace(0);
    accept(pace, 9_000, 10_000, 10);
    pace.refused(1, 1, 10_000);
    accept(pace, 10_500, 12_000, 50);
    accept(pace, 12_000, 14_000, 100);
    expect(rateAfter(pace, 14_000)).toBeCloseTo(50 / 3.5);
  });

  test('is looked for as far back as it takes to count ten, where the last second holds too few', () => {
    const pace = new Pace(0);
    for (const at of [6_000, 7_000, 9_500]) accept(pace, at, at + 100, 20);
    expect(rateAfter(pace, 10_000)).toBeCloseTo(10 / 3);
  });

  test('is nothing any more after five seconds, and is not counted twice when its place is used again', () => {
    const pace = new Pace(0);
    accept(pace, 0, 1_000, 10);
    accept(pace, 6_000, 6_100, 50);
    expect(rateAfter(pace, 6_050)).toBeCloseTo(2);
    const silent = new Pace(0);
    accept(silent, 0, 1_000, 10);
    expect(rateAfter(silent, 60_000)).toBeCloseTo(0.5 / 0.9);
  });
});
