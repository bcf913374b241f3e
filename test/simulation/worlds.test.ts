import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';
import { violationLines } from './tell.ts';

/** The same ones in every run; `npm run test:simulation -- --minutes 10` plays others. */
const SEEDS = [22, 47, 112, ...Array.from({ length: 12 }, (_, at) => 20_000 + at)];

const LIMIT_MS = 300_000;

test('the same seed is the same world, to the last step', { timeout: LIMIT_MS }, async () => {
  const [first, second] = [await simulate(3), await simulate(3)];
  expect(first.lines.length).toBeGreaterThan(100);
  expect([second.digest, second.steps]).toEqual([first.digest, first.steps]);
});

test.each(SEEDS)('seed %i: every rule holds', { timeout: LIMIT_MS }, async (seed) => {
  expect(violationLines(await simulate(seed))).toEqual([]);
});
