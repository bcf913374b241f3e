import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { until } from './until.ts';

/** A program of somebody else that serves HTTP, for as long as a test needs it. */
export interface Background {
  readonly url: string;
  /** Ends it at once, and resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts it and waits until it says that it is ready.
 *
 * @param ready what to ask for at `url`; 200 means ready
 * @throws Error with what it said, where it ends before
 */
export async function startBackground(
  [command = '', ...args]: readonly string[],
  url: string,
  ready: string,
): Promise<Background> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'close');
  await until(`${command} to be ready`, async () => {
    if (hasEnded(child)) throw new Error(`${command} ended:\n${said}`);
    const answer = await fetch(`${url}${ready}`).catch(() => undefined);
    return answer?.status === 200;
  });
  return {
    url,
    stop: async () => {
      if (!hasEnded(child)) child.kill('SIGKILL');
      await ended;
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
