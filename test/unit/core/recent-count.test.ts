import { describe, expect, test } from 'vitest';
import { COUNTED_MS, RecentCount } from '../../../src/core/recent-count.ts';

/** One at each of these times. */
function counted(...times: readonly number[]): RecentCount {
  const count = new RecentCount();
  for (const at of times) count.count(at);
  return count;
}

describe('how many there were since a time', () => {
  test('counts from the tenth of a second on in which it is', () => {
    const count = counted(50, 120, 199, 200, 1_000);
    expect([0, 99, 100, 199, 200, 201, 1_001].map((from) => count.since(from, 1_000))).toEqual([5, 5, 4, 4, 2, 2, 1]);
  });

  test('is known for 15 s less a tenth, and a tenth more is never counted twice', () => {
    expect(COUNTED_MS).toBe(14_900);
    const count = counted(10_000, 10_050, 24_950);
    expect(count.since(24_950 - COUNTED_MS, 24_950)).toBe(3);
    expect(count.since(25_000 - COUNTED_MS, 25_000)).toBe(1);
  });

  test('is nothing after a long silence, and whatever is counted then is counted alone', () => {
    const count = counted(10_000, 10_100, 10_200);
    expect(count.since(1_000_000 - COUNTED_MS, 1_000_000)).toBe(0);
    count.count(1_000_000);
    expect(count.since(1_000_000 - COUNTED_MS, 1_000_000)).toBe(1);
  });

  test('may begin before the clock did', () => {
    expect(counted(0, 100).since(100 - COUNTED_MS, 100)).toBe(2);
  });
});

describe('since when there were enough', () => {
  const count = counted(1_000, 1_010, 1_500, 2_000);

  test('is the beginning of the latest tenth of a second that makes them enough', () => {
    expect([1, 2, 3, 4].map((enough) => count.sinceEnough(enough, 0, 2_050))).toEqual([2_000, 1_500, 1_000, 1_000]);
  });

  test('is the earliest time where there were not enough since', () => {
    expect([count.sinceEnough(5, 300, 2_050), count.sinceEnough(3, 1_200, 2_050)]).toEqual([300, 1_200]);
  });
});
