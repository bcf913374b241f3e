import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeUnderTest } from '../support/node-under-test.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** How a command ended, and what it said. */
export interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A command in a process of its own, with nobody at its standard input. */
export function startCommand(
  settings: Readonly<Record<string, string>>,
  ...args: readonly string[]
): { readonly process: ChildProcess; readonly ended: Promise<Ran> } {
  const env = { PATH: process.env['PATH'], ...settings };
  const child = spawn(nodeUnderTest(), [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { output: '', errors: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.errors += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  return { process: child, ended };
}

/** Runs a command to its end. */
export function runCommand(settings: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran> {
  return startCommand(settings, ...args).ended;
}
