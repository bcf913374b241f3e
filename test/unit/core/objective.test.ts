import { describe, expect, test } from 'vitest';
import { isReplay, judgeObjective, type Settlement } from '../../../src/core/objective.ts';

const FINAL_AT = 1_000_000;

function settled(as: Settlement['as'], afterMs: number, provenance: Settlement['provenance'] = {}) {
  return judgeObjective({ provenance, finalAt: FINAL_AT, at: FINAL_AT + afterMs, as });
}

const delivered = { verdict: 'delivered' } as const;
const deadLettered = { verdict: 'dead_lettered' } as const;
const parkedFor = (afterMs: number) => ({ verdict: 'parked', notBefore: FINAL_AT + afterMs }) as const;

describe('a payment counts', () => {
  test('as good when delivered within 30 s, as bad from then on', () => {
    expect(settled(delivered, 29_999)).toBe('good');
    expect(settled(delivered, 30_000)).toBe('bad');
  });

  test('as bad as soon as it is parked past 30 s, and not again', () => {
    expect(settled(parkedFor(29_999), 1_000)).toBeUndefined();
    expect(settled(parkedFor(30_000), 1_000)).toBe('bad');
    for (const as of [delivered, deadLettered, parkedFor(90_000)]) {
      expect(settled(as, 60_000, { notBefore: FINAL_AT + 30_000 })).toBeUndefined();
    }
  });

  test('as bad when it becomes a dead letter, and not again after a redrive', () => {
    expect(settled(deadLettered, 10)).toBe('bad');
    expect(settled(delivered, 20, { redriveId: 'r1' })).toBeUndefined();
  });

  test('once, even when it was parked late to a time that has passed', () => {
    const inherited = FINAL_AT + 10_000;
    expect(settled(parkedFor(10_000), 40_000)).toBeUndefined();
    expect(settled(delivered, 41_000, { notBefore: inherited })).toBe('bad');
  });

  test('exactly once over any history of parkings', () => {
    for (const delays of [[], [5], [5, 30], [5, 30, 120], [29], [30]]) {
      const verdicts = [];
      let [at, notBefore]: [number, number | undefined] = [500, undefined];
      for (const delay of delays) {
        const due: number = at + delay * 1_000;
        verdicts.push(settled(parkedFor(due), at, notBefore === undefined ? {} : { notBefore }));
        notBefore = FINAL_AT + due;
        at = due + 200;
      }
      verdicts.push(settled(delivered, at, notBefore === undefined ? {} : { notBefore }));
      expect(verdicts.filter((verdict) => verdict !== undefined)).toEqual([at >= 30_000 ? 'bad' : 'good']);
    }
  });
});

test('a replay is a record whose origin is older than the setting says', () => {
  const origin = { topic: 't', partition: 0, offset: 0, timestamp: 1_000 };
  expect(isReplay({ origin }, 1_001)).toBe(true);
  expect(isReplay({ origin }, 1_000)).toBe(false);
  expect(isReplay({ origin }, undefined)).toBe(false);
});
