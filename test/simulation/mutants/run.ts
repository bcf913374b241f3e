import { MUTANTS, type Mutant } from './table.ts';
import { withoutRule } from './without-a-rule.ts';

/*
 * Takes away one rule after the other, and tells after how many worlds that is noticed:
 * `tsx test/simulation/mutants/run.ts [seeds] [words of a name]`.
 */

const [seeds = '10000', words = ''] = process.argv.slice(2);
let missed = 0;
for (const mutant of MUTANTS.filter(({ name }) => name.includes(words))) {
  const found = await hunt(mutant);
  if (found === undefined) missed += 1;
  console.log(`${mutant.name}: ${found ?? `not noticed in ${seeds} worlds`}`);
}
process.exitCode = missed === 0 ? 0 : 1;

/** @returns by what and where it was noticed */
async function hunt(mutant: Mutant): Promise<string | undefined> {
  const copy = withoutRule(mutant);
  try {
    const { text, errors, isWell } = await copy.simulate('--seed', '0', '--seeds', seeds, '--no-shrink');
    if (isWell) return undefined;
    const [, kind] = /^(\w+): .*\n\(/m.exec(text) ?? [];
    const [, seed] = /--seed (\d+)$/m.exec(text) ?? [];
    if (kind !== undefined && seed !== undefined) return `${kind}, seed ${seed}`;
    const [hangs] = /^seed \d+: within one step.*$/m.exec(text) ?? [];
    if (hangs === undefined) throw new Error(`${mutant.name}: ${errors}`);
    return hangs;
  } finally {
    copy.remove();
  }
}
