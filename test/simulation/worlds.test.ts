import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { nodeUnderTest } from '../support/node-under-test.ts';
import { simulate } from './simulate.ts';
import { planLine, violationLines } from './tell.ts';

/** Faults were found in these. */
const FOUND = [22, 30, 47, 112, 701_371, 702_666, 721_129, 730_750, 803_799, 3_000_383];
/** The same ones in every run; `npm run test:simulation -- --minutes 10` plays others. */
const SEEDS = [...FOUND, ...Array.from({ length: 12 }, (_, at) => 20_000 + at)];

const LIMIT_MS = 300_000;
const COMMAND = fileURLToPath(new URL('./run.ts', import.meta.url));

test(
  'the same seed is the same world, to the last step, on the Node that is shipped too',
  { timeout: LIMIT_MS },
  async () => {
    const [first, second] = [await simulate(3), await simulate(3)];
    expect(first.lines.length).toBeGreaterThan(100);
    expect([second.digest, second.steps]).toEqual([first.digest, first.steps]);
    const { stdout } = await promisify(execFile)(nodeUnderTest(), ['--import', 'tsx', COMMAND, '--seed', '3']);
    expect(stdout).toContain(planLine(first));
  },
);

test.each(SEEDS)('seed %i: every rule holds', { timeout: LIMIT_MS }, async (seed) => {
  expect(violationLines(await simulate(seed))).toEqual([]);
});
