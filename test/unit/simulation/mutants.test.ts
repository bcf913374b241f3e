import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MUTANTS } from '../../simulation/mutants/table.ts';

test.each(MUTANTS)('the rule "$name" stands where the table says, once', ({ file, also = [], ...change }) => {
  const code = readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');
  for (const { from, to } of [change, ...also]) {
    expect(code.split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  }
});
