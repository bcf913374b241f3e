import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS, type Mutant } from './table.ts';

/*
 * Takes away one rule after the other, and tells after how many worlds that is noticed:
 * `tsx test/simulation/mutants/run.ts [seeds] [words of a name]`.
 */

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COPIED = ['src', 'schemas', 'test/simulation', 'test/support', 'test/chaos', 'package.json', 'tsconfig.json'];

const [seeds = '10000', words = ''] = process.argv.slice(2);
let missed = 0;
for (const mutant of MUTANTS.filter(({ name }) => name.includes(words))) {
  const found = hunt(mutant);
  if (found === undefined) missed += 1;
  console.log(`${mutant.name}: ${found ?? `not noticed in ${seeds} worlds`}`);
}
process.exitCode = missed === 0 ? 0 : 1;

/** @returns by what and where it was noticed */
function hunt({ name, file, from, to }: Mutant): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'payment-notifier-mutant-'));
  try {
    for (const part of COPIED) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const code = readFileSync(join(folder, file), 'utf8');
    if (code.split(from).length !== 2) throw new Error(`${name}: its place is not once in ${file}`);
    writeFileSync(
      join(folder, file),
      code.replace(from, () => to),
    );
    const args = ['--import', 'tsx', 'test/simulation/run.ts', '--seed', '0', '--seeds', seeds];
    const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (run.status === 0) return undefined;
    const [, kind] = /^(\w+): .*\n\(/m.exec(run.stdout) ?? [];
    const [, seed] = /--seed (\d+)$/m.exec(run.stdout) ?? [];
    if (kind !== undefined && seed !== undefined) return `${kind}, seed ${seed}`;
    const [hangs] = /^seed \d+: within one step.*$/m.exec(run.stdout) ?? [];
    if (hangs === undefined) throw new Error(`${name}: ${run.stderr}`);
    return hangs;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
