import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';
import { violationLines } from './tell.ts';

/** Worlds in which something was wrong once. */
const KEPT = [
  [22, 'all connections break while a coordinator is looked for'],
  [47, 'a connection breaks in the middle of an answer'],
  [112, 'a member stops at the moment at which its join ends'],
] as const;

/** The same ones in every run; `npm run test:simulation -- --minutes 10` plays others. */
const OTHERS = Array.from({ length: 12 }, (_, at) => 20_000 + at);

const LIMIT_MS = 300_000;

test('the same seed is the same world, to the last step', { timeout: LIMIT_MS }, async () => {
  const [first, second] = [await simulate(3), await simulate(3)];
  expect(first.lines.length).toBeGreaterThan(100);
  expect([second.digest, second.steps]).toEqual([first.digest, first.steps]);
});

test.each(KEPT)('seed %i, %s: every rule holds', { timeout: LIMIT_MS }, async (seed) => {
  expect(violationLines(await simulate(seed))).toEqual([]);
});

test.each(OTHERS)('seed %i: every rule holds', { timeout: LIMIT_MS }, async (seed) => {
  expect(violationLines(await simulate(seed))).toEqual([]);
});
