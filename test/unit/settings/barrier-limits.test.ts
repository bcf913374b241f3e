import { expect, test } from 'vitest';
import { barrierLimits } from '../../../src/settings/between-sections.ts';

test.each([
  [
    'by default, 5 s for a request, 3 s to write and 2 s to commit',
    5_000,
    25_000,
    { barrierMs: 10_000, lastCallMs: 8_000 },
  ],
  ['a stop that has less time than a rebalance calls earlier', 5_000, 8_000, { barrierMs: 10_000, lastCallMs: 6_500 }],
  ['never before a request may have ended', 5_000, 5_100, { barrierMs: 10_000, lastCallMs: 5_050 }],
])('%s', (_, gatewayMs, shutdownMs, limits) => {
  expect(barrierLimits(gatewayMs, shutdownMs)).toEqual(limits);
});
