import { describe, expect, test } from 'vitest';
import { Pace } from '../../../src/core/pace.ts';

/** Answers that are no refusal, one every `everyMs` from `fromMs` to before `toMs`, to requests from this number on. */
function accept(pace: Pace, fromMs: number, toMs: number, everyMs: number, number = 1): void {
  for (let at = fromMs; at < toMs; at += everyMs) pace.accepted(number, at);
}

/** Refusals of requests that left after all others, as many as it takes to be too many. */
function refuseTooMany(pace: Pace, left: number, now: number): void {
  for (let count = 0; count < 1_000 && !(pace.isAdapted(now) && pace.limit(now) < 1_000); count += 1)
    pace.refused(left, left, now);
}

/** A gateway that took ten requests a second for ten seconds, and then refused three: one in twenty is not enough. */
function refusedAt10s(maxRate = 0): Pace {
  const pace = new Pace(maxRate);
  accept(pace, 0, 10_000, 100);
  for (let count = 0; count < 3; count += 1) pace.refused(101, 110, 10_000);
  return pace;
}

describe('without a cap and without refusals', () => {
  test('nothing limits the rate, however many leave', () => {
    const pace = new Pace(0);
    for (let number = 0; number < 100; number += 1) pace.sent(0);
    expect([pace.limit(0), pace.waitMs(0), pace.isAdapted(0)]).toEqual([Number.POSITIVE_INFINITY, 0, false]);
  });
});

describe('the configured cap', () => {
  test('spaces requests evenly, and is not taken for the gateway’s', () => {
    const pace = new Pace(10);
    pace.sent(1_000);
    pace.sent(1_080);
    expect([pace.limit(1_080), pace.waitMs(1_080), pace.isAdapted(1_080)]).toEqual([10, 100, false]);
  });

  test('makes up 20 ms that a late timer has cost, and no more', () => {
    const pace = new Pace(10);
    pace.sent(0);
    pace.sent(95);
    expect(pace.waitMs(95)).toBe(85);
    pace.sent(1_000);
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
    for (let count = 0; count < 10; count += 1) pace.sent(37_400);
    expect(pace.waitMs(37_400)).toBeGreaterThan(50);
    expect([pace.limit(37_410), pace.isAdapted(37_410)]).toEqual([Number.POSITIVE_INFINITY, false]);
    expect(pace.waitMs(37_410)).toBe(0);
  });

  test('never leaves faster than the configured cap', () => {
    const pace = refusedAt10s(12);
    expect([pace.limit(20_000), pace.isAdapted(20_000)]).toEqual([11, true]);
    expect([pace.limit(30_000), pace.isAdapted(30_000)]).toEqual([12, false]);
  });

  test('a request still leaves every two seconds, though none was ever accepted: it goes no lower', () => {
    const pace = new Pace(0);
    pace.refused(1, 2, 0);
    expect(pace.sentAtLowest(3)).toBe(false);
    pace.refused(2, 2, 0);
    pace.sent(0);
    expect(pace.limit(0)).toBeCloseTo(0.5);
    expect(pace.waitMs(0)).toBeCloseTo(1_980);
    expect([2, 3].map((number) => pace.sentAtLowest(number))).toEqual([false, true]);
    for (const number of [3, 4]) pace.refused(number, 5, 4_000);
    expect([2, 3].map((number) => pace.sentAtLowest(number))).toEqual([false, true]);
    expect(refusedAt10s().sentAtLowest(111)).toBe(false);
  });

  test('the lowest rate is left as soon as something in flight is taken after all', () => {
    const pace = new Pace(0);
    for (let number = 1; number <= 20; number += 1) pace.sent(0);
    for (const number of [1, 2]) pace.refused(number, 20, 100);
    expect(pace.sentAtLowest(21)).toBe(true);
    pace.accepted(3, 200);
    expect(pace.sentAtLowest(21)).toBe(false);
    expect(pace.limit(200)).toBeCloseTo(4.5, 1);
  });

  test('the lowest rate is left only for one that is higher', () => {
    const pace = new Pace(0);
    for (let number = 1; number <= 20; number += 1) pace.sent(60_000);
    for (const number of [1, 2]) pace.refused(number, 20, 60_100);
    pace.accepted(3, 61_800);
    expect(pace.sentAtLowest(21)).toBe(true);
    pace.accepted(4, 61_800);
    expect(pace.sentAtLowest(21)).toBe(false);
  });

  test('the refusals of those that had left before it change nothing; those of later ones do', () => {
    const pace = refusedAt10s();
    for (let count = 0; count < 5; count += 1) pace.refused(110, 120, 14_000);
    expect(pace.limit(15_000)).toBeCloseTo(10);
    accept(pace, 10_000, 15_000, 100, 111);
    for (let count = 0; count < 3; count += 1) pace.refused(111, 120, 15_000);
    expect(pace.limit(15_000)).toBeCloseTo(9);
  });
});

describe('nothing is lowered', () => {
  test.each([
    { accepted: 38, refused: 2, limited: false },
    { accepted: 37, refused: 2, limited: true },
    { accepted: 190, refused: 10, limited: false },
    { accepted: 189, refused: 10, limited: true },
    { accepted: 3, refused: 1, limited: false },
    { accepted: 0, refused: 1, limited: false },
    { accepted: 3, refused: 2, limited: true },
  ])('for a twentieth, or for a single one: $refused refused beside $accepted', ({ accepted, refused, limited }) => {
    const pace = new Pace(0);
    for (let count = 0; count < accepted; count += 1) pace.accepted(1, 500);
    for (let count = 0; count < refused; count += 1) pace.refused(2, 2, 500);
    expect(pace.isAdapted(500)).toBe(limited);
  });

  test('for refusals of more than five seconds ago', () => {
    const pace = new Pace(0);
    pace.refused(1, 1, 1_000);
    pace.refused(2, 2, 6_200);
    expect(pace.isAdapted(6_200)).toBe(false);
    pace.refused(3, 3, 6_300);
    expect(pace.isAdapted(6_300)).toBe(true);
  });

  test('for what was refused more than a second ago, where 300 were answered since', () => {
    const busy = new Pace(0);
    accept(busy, 0, 1_000, 5);
    for (let count = 0; count < 10; count += 1) busy.refused(1, 1, 1_000);
    accept(busy, 1_100, 2_600, 4);
    busy.refused(1, 1, 2_600);
    expect(busy.isAdapted(2_600)).toBe(false);
  });
});

test('a second is looked at, also where more than 300 were answered in it', () => {
  const pace = new Pace(0);
  accept(pace, 0, 1_000, 1);
  for (let count = 0; count < 45; count += 1) pace.refused(2, 2, 1_000);
  expect(pace.isAdapted(1_000)).toBe(false);
  accept(pace, 1_000, 1_900, 1);
  for (let count = 0; count < 10; count += 1) pace.refused(2, 2, 1_900);
  expect(pace.isAdapted(1_900)).toBe(true);
});

describe('what was accepted', () => {
  const rateAfter = (pace: Pace, now: number): number => {
    refuseTooMany(pace, 1_000, now);
    return pace.limit(now) / 0.9;
  };

  test('is that of the last second, at the first cut', () => {
    const pace = new Pace(0);
    accept(pace, 0, 9_000, 10);
    accept(pace, 9_000, 10_000, 50);
    expect(rateAfter(pace, 10_000)).toBeCloseTo(20);
  });

  test('is that of the time since requests began to leave, where that is shorter', () => {
    const pace = new Pace(0);
    pace.sent(60_000);
    accept(pace, 60_050, 60_250, 10);
    expect(rateAfter(pace, 60_250)).toBeCloseTo(20 / 0.25);
  });

  test('is that of all the time in which requests left without a break of a second, and of none before', () => {
    const pace = new Pace(0);
    const sendAndAccept = (fromMs: number, toMs: number): void => {
      for (let at = fromMs; at < toMs; at += 20) pace.sent(at);
      accept(pace, fromMs, toMs, 20);
    };
    sendAndAccept(60_000, 60_500);
    sendAndAccept(61_400, 62_000);
    expect(rateAfter(pace, 62_000)).toBeCloseTo(30);
    const broken = new Pace(0);
    broken.sent(60_000);
    accept(broken, 60_000, 60_400, 20);
    broken.sent(61_000);
    accept(broken, 61_050, 61_250, 20);
    expect(rateAfter(broken, 61_250)).toBeCloseTo(10 / 0.25);
  });

  describe('at the first cut', () => {
    function cutWith60InFlight(): Pace {
      const pace = new Pace(0);
      for (let number = 1; number <= 60; number += 1) pace.sent(60_000);
      pace.accepted(1, 60_100);
      pace.refused(2, 60, 60_100);
      pace.refused(3, 60, 60_100);
      return pace;
    }

    test('is raised by what was in flight then', () => {
      const pace = cutWith60InFlight();
      expect(pace.limit(60_100)).toBeCloseTo(9);
      for (let number = 4; number <= 60; number += 1) pace.accepted(number, 60_110);
      expect(pace.limit(60_110) / 0.9).toBeCloseTo(58 / 0.11, 0);
    });

    test('is not raised by what has left since', () => {
      const pace = cutWith60InFlight();
      for (let number = 61; number <= 120; number += 1) pace.accepted(number, 60_110);
      expect(pace.limit(60_110)).toBeCloseTo(9, 1);
    });

    test('is not lowered by what comes back late', () => {
      const pace = cutWith60InFlight();
      pace.accepted(4, 64_000);
      expect(pace.limit(65_100)).toBeCloseTo(10);
    });
  });

  test('is that since the last cut, where it is longer ago than a second, and nothing of the time before it', () => {
    const pace = new Pace(0);
    accept(pace, 9_000, 10_000, 10);
    pace.refused(2, 1_000, 10_000);
    for (let count = 0; count < 10; count += 1) pace.refused(2, 1_000, 10_000);
    accept(pace, 10_500, 12_000, 50, 2_000);
    accept(pace, 12_000, 16_000, 100, 2_000);
    for (let count = 0; count < 10; count += 1) pace.refused(2_001, 2_001, 16_000);
    expect(pace.limit(16_000) / 0.9).toBeCloseTo(70 / 6);
  });

  test('is looked for as far back as it takes to count ten, where the last second holds too few', () => {
    const pace = new Pace(0);
    for (const at of [6_000, 7_000, 9_500]) accept(pace, at, at + 100, 20);
    expect(rateAfter(pace, 10_000)).toBeCloseTo(10 / 3);
  });

  test('is nothing any more after fifteen seconds, and is not counted twice when its place is used again', () => {
    const pace = new Pace(0);
    accept(pace, 0, 1_000, 10);
    accept(pace, 16_000, 16_200, 20);
    expect(rateAfter(pace, 17_000)).toBeCloseTo(10);
    const silent = new Pace(0);
    accept(silent, 0, 1_000, 10);
    expect(rateAfter(silent, 60_000)).toBeCloseTo(0.5 / 0.9);
  });
});
