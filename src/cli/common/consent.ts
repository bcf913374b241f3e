import { createInterface } from 'node:readline/promises';
import { Misconfigured } from '../../core/misconfigured.ts';
import type { Terminal } from './terminal.ts';

/** Who is asked, and how. */
export interface Consent {
  /** `--yes` was given. */
  readonly yes: boolean;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly err: Terminal;
  readonly signal: AbortSignal;
}

/**
 * Shows a plan and asks whether it is to be carried out; `--yes` is the answer beforehand.
 *
 * Throws `Misconfigured` where nobody can be asked: standard input is no terminal, and `--yes` was not given.
 */
export async function consent(plan: readonly string[], { yes, stdin, err, signal }: Consent): Promise<boolean> {
  for (const line of plan) err.line(line);
  if (yes) return true;
  if (stdin.isTTY !== true) throw new Misconfigured(['nobody can be asked here; read the plan above and give --yes']);
  err.line('Type "yes" to go on, anything else to leave all as it is:');
  const lines = createInterface({ input: stdin });
  const answer = await lines.question('', { signal }).finally(() => lines.close());
  return answer.trim() === 'yes';
}
