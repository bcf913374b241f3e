import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built command line. */
export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** How a command ended. */
export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  /** Its output as JSON; `undefined` where it is none. */
  readonly json: unknown;
}

/** Runs a command of the built command line to its end, with these settings and no others. */
export function command(settings: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'], ...settings };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [CLI, ...args],
      { env, maxBuffer: 64 * 1_048_576 },
      (error, output, errors) =>
        resolve({ code: error === null ? 0 : Number(error.code), output, errors, json: parsed(output) }),
    );
    child.stdin?.end();
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
