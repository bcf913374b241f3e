import { describe, expect, test } from 'vitest';
import { durationMs } from '../../../src/core/duration.ts';

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
