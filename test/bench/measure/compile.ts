import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SOURCE = fileURLToPath(new URL('../programs/', import.meta.url));
/** Inside the repository, so that packages are found. */
const LOCAL = fileURLToPath(new URL('../../../.local/', import.meta.url));

/** The programs that are measured beside the service, and the probe, as any Node runs them, without a loader that would be measured too. */
export interface Compiled {
  readonly folder: string;
  readonly remove: () => void;
}

/** Compiles them. */
export function compilePrograms(): Compiled {
  mkdirSync(LOCAL, { recursive: true });
  const folder = mkdtempSync(join(LOCAL, 'bench-'));
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    rewriteRelativeImportExtensions: true,
  };
  for (const name of readdirSync(SOURCE)) {
    const { outputText } = ts.transpileModule(readFileSync(join(SOURCE, name), 'utf8'), { compilerOptions });
    writeFileSync(join(folder, name.replace(/\.ts$/, '.js')), outputText);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
