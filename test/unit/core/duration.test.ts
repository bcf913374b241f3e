import { describe, expect, test } from 'vitest';
import { durationMs, inUnits } from '../../../src/core/duration.ts';

describe('a duration', () => {
  test.each([
    ['0s', 0],
    ['250ms', 250],
    ['5s', 5_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['14d', 1_209_600_000],
    ['007s', 7_000],
  ])('%s is %i ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each(['', '5', 's', '-5s', '+5s', '5 s', ' 5s', '5s ', '1.5s', '5S', '5sec', '1w', '1h30m', '5s\n', '1e3s'])(
    '%j is none',
    (text) => {
      expect(durationMs(text)).toBeUndefined();
    },
  );
});

describe('a duration as text', () => {
  test.each([
    [0, '0ms'],
    [1, '1ms'],
    [250, '250ms'],
    [1_000, '1s'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [120_000, '2m'],
    [5_400_000, '90m'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
    [1_209_600_000, '14d'],
  ])('%i ms are written %s, in the largest unit that they fill, and read back', (ms, text) => {
    expect(inUnits(ms)).toBe(text);
    expect(durationMs(text)).toBe(ms);
  });
});
