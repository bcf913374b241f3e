import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text as whole } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './table.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COPIED = [
  ...['src', 'schemas', 'test/simulation', 'test/support', 'test/chaos', 'deploy/local/layout.ts'],
  ...['package.json', 'tsconfig.json'],
];

/** Packages that tests install below themselves are large, and no code of ours. */
const isOurs = (path: string): boolean => basename(path) !== 'node_modules';

/** What the command has said. */
export interface Said {
  readonly text: string;
  readonly errors: string;
  /** Whether every rule holds. */
  readonly isWell: boolean;
}

/** This code without one rule. */
export interface WithoutRule {
  /** As `npm run test:simulation -- <words>`. */
  simulate(...words: readonly string[]): Promise<Said>;
  /** The copy is gone. */
  remove(): void;
}

/**
 * Copies the code and takes a rule away from the copy.
 *
 * Throws where the rule's place is not once in its file.
 */
export function withoutRule({ name, file, also = [], ...change }: Mutant): WithoutRule {
  const folder = mkdtempSync(join(tmpdir(), 'payment-notifier-mutant-'));
  for (const part of COPIED) cpSync(join(ROOT, part), join(folder, part), { recursive: true, filter: isOurs });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, file);
  for (const { from, to } of [change, ...also]) {
    const code = readFileSync(path, 'utf8');
    if (code.split(from).length !== 2) throw new Error(`${name}: its place is not once in ${file}`);
    writeFileSync(
      path,
      code.replace(from, () => to),
    );
  }
  return {
    simulate: async (...words) => {
      const args = ['--import', 'tsx', 'test/simulation/run.ts', ...words];
      const run = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
      const [text, errors] = await Promise.all([whole(run.stdout), whole(run.stderr), once(run, 'close')]);
      return { text, errors, isWell: run.exitCode === 0 };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
