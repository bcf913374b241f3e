import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { secretIn, secretsOf } from './secrets.ts';

/** The built command line. */
export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a command printed, and how it ended. */
export interface CommandRun {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  readonly tookMs: number;
}

/** How a command is run. */
export interface CommandOptions {
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Starts a built command, with nothing in its environment but these settings and nobody at its standard input. Its end
 * throws where it has told a secret.
 *
 * @param node what it runs on; the installed one by default
 */
export function startCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  node = process.execPath,
): { readonly process: ChildProcess; readonly ended: Promise<CommandRun> } {
  const began = performance.now();
  const child = spawn(node, [CLI, ...args], { env: { PATH: process.env['PATH'], ...settings } });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => {
    const leak = secretIn(output + errors, secretsOf(settings));
    if (leak !== undefined) throw new Error(`a command let a secret out: ${leak}`);
    return { code: (code as number | null) ?? -1, output, errors, tookMs: performance.now() - began };
  });
  return { process: child, ended };
}

/** Runs a built command to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions): Promise<CommandRun> {
  return startCommand(args, options.settings).ended;
}

/** Runs a built command to its end; `json` is what it printed, `undefined` where that is none. */
export async function command(
  settings: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CommandRun & { readonly json: unknown }> {
  const run = await runCommand(args, { settings });
  return { ...run, json: parsed(run.output) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
