import { expect, onTestFinished, test } from 'vitest';
import { MUTANTS } from './mutants/table.ts';
import { withoutRule } from './mutants/without-a-rule.ts';
import { simulate } from './simulate.ts';
import { numbersIn, rangesOf } from './parts.ts';
import { violationLines } from './tell.ts';
import { wholeOf } from './whole.ts';

const LIMIT_MS = 600_000;
/** It is noticed in the first or one of the next. */
const WORLDS = '60';
const SHRUNK = /--seed (\d+) --faults (\S+) --members (\S+) --events (\S+)$/m;

test(
  'a rule taken away is noticed, and the world that shows it is left with what it needs',
  { timeout: LIMIT_MS },
  async () => {
    const mutant = MUTANTS.find(({ name }) => name === 'what is parked is known before the first send');
    if (mutant === undefined) throw new Error('there is no such rule');
    const copy = withoutRule(mutant);
    onTestFinished(() => copy.remove());

    const { text } = await copy.simulate('--seed', '0', '--seeds', WORLDS);
    const [, kind = ''] = /^(\w+): .*\n\(/m.exec(text) ?? [];
    const [, seed = '', ...texts] = SHRUNK.exec(text) ?? [];
    const [faults, members, events] = texts.map(numbersIn);
    const left = { faults: faults ?? [], members: members ?? [], events: events ?? [] };
    expect(left.events.length, text).toBeGreaterThan(0);
    expect(left.events.length, text).toBeLessThan(wholeOf(Number(seed)).plan.events / 2);

    const parts = Object.entries(left).flatMap(([name, numbers]) => [`--${name}`, rangesOf(numbers)]);
    const again = await copy.simulate('--seed', seed, ...parts);
    expect(again.text).toMatch(new RegExp(`^${kind}: `, 'm'));
    // With the rule in its place the same world is well.
    expect(violationLines(await simulate(Number(seed), left))).toEqual([]);
  },
);
