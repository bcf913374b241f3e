import { createInterface } from 'node:readline/promises';
import { Misconfigured } from '../../core/misconfigured.ts';

/** Where a decision comes from. */
interface Asked {
  readonly options: { readonly yes?: true };
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
}

/** @throws Misconfigured where nobody can be asked, and nobody has said yes beforehand */
export function assertConsentPossible({ options, stdin }: Pick<Asked, 'options' | 'stdin'>): void {
  if (options.yes || stdin.isTTY === true) return;
  throw new Misconfigured(['nobody can be asked here: look at what --dry-run, or list, shows, and say --yes']);
}

/** Whether what has been shown is to be done: said beforehand by `--yes`, or asked on the terminal. */
export async function hasConsent({ options, stdin, signal }: Asked, question: string): Promise<boolean> {
  if (options.yes) return true;
  const terminal = createInterface({ input: stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    terminal.close();
  }
}
