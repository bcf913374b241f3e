import { expect, test } from 'vitest';
import { quantile, spread } from '../../bench/statistics.ts';

test.each([
  [[], 0.5, Number.NaN],
  [[7], 0.999, 7],
  [[4, 1, 3, 2], 0.5, 2],
  [[4, 1, 3, 2], 0.51, 3],
  [Array.from({ length: 1_000 }, (_, at) => at + 1), 0.999, 999],
  [Array.from({ length: 1_000 }, (_, at) => at + 1), 1, 1_000],
])('of %j the share of %d is not above %d', (values, share, expected) => {
  expect(quantile(values, share)).toBe(expected);
});

test('a quantile leaves its values in their order', () => {
  const values = [3, 1, 2];
  quantile(values, 0.5);
  expect(values).toEqual([3, 1, 2]);
});

test.each([
  ['an odd number of rounds', [3, 1, 2], { median: 2, least: 1, most: 3 }],
  ['an even number', [10, 4, 1, 2], { median: 3, least: 1, most: 10 }],
  ['one round', [5], { median: 5, least: 5, most: 5 }],
  ['rounds without the figure', [Number.NaN, 2, Number.POSITIVE_INFINITY], { median: 2, least: 2, most: 2 }],
  ['no round at all', [Number.NaN], undefined],
])('%s has its median, least and most', (_, values, expected) => {
  expect(spread(values)).toEqual(expected);
});
