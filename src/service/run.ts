import { setTimeout as sleep } from 'node:timers/promises';
import { startService } from './app.ts';
import { configWarnings, loadConfig, type Config } from '../settings/load.ts';
import { collecting, Misconfigured } from '../core/misconfigured.ts';
import { loadKeys, type LoadedKeys } from '../http/key-set.ts';
import { flushed, neverWait, STANDARD_STREAMS } from '../ops/log-destination.ts';

const EXIT = { done: 0, failed: 1, misconfigured: 2, signalled: { SIGINT: 130, SIGTERM: 143 } } as const;

/** What waits for who reads our output is waited for so long at the end. */
const FLUSHED_WITHIN_MS = 1_000;

/** Runs the service until a signal ends it or it cannot go on; exit codes as in the README. */
export async function runService(env: NodeJS.ProcessEnv): Promise<void> {
  for (const stream of STANDARD_STREAMS) neverWait(stream);
  process.on('uncaughtException', (error) => {
    complain('ended by an error that nothing expected', ...reasons(error), ...frames(error));
    process.exit(EXIT.failed);
  });
  for (const warning of configWarnings(env)) complain(warning);
  const code = await run(env).catch((error: unknown) => {
    complain(...reasons(error));
    return error instanceof Misconfigured ? EXIT.misconfigured : EXIT.failed;
  });
  await flushed(STANDARD_STREAMS, FLUSHED_WITHIN_MS);
  process.exit(code);
}

async function run(env: NodeJS.ProcessEnv): Promise<number> {
  const { config, keys } = configure(env);
  const signal = signalled();
  const service = await startService(config, keys);
  const failure = await Promise.race([service.failed.catch((error: unknown) => ({ error })), signal]);
  if (failure?.error instanceof Misconfigured) throw failure.error;
  if (failure !== undefined) complain(...reasons(failure.error));
  const code = await drained(service.stop(), config);
  return failure === undefined ? code : EXIT.failed;
}

/** Reads settings and keys; what is wrong with either is told together. */
function configure(env: NodeJS.ProcessEnv): { config: Config; keys: LoadedKeys } {
  const problems: string[] = [];
  const config = collecting(problems, () => loadConfig(env));
  const { SIGNING_KEYS_DIR: signing = '', GATEWAY_PUBLIC_KEYS_DIR: gateway = '' } = env;
  const keys = signing === '' || gateway === '' ? undefined : collecting(problems, () => loadKeys(signing, gateway));
  if (config === undefined || keys === undefined) throw new Misconfigured(problems);
  return { config, keys };
}

/** Resolves at the first signal; the second one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) process.exit(EXIT.signalled[signal]);
        resolve();
      });
    }
  });
}

async function drained(stopped: Promise<boolean>, { shutdownTimeoutMs }: Config): Promise<number> {
  const clean = await Promise.race([stopped, sleep(shutdownTimeoutMs, false)]);
  if (!clean) complain('not drained in time; what was in flight, if anything, is not committed and will be sent again');
  return clean ? EXIT.done : EXIT.failed;
}

function reasons(error: unknown): readonly string[] {
  if (error instanceof Misconfigured) return error.problems;
  return [error instanceof Error ? `${error.name}: ${error.message}` : 'ended for an unknown reason'];
}

/** Where an error was made. Never the error as Node prints it: libraries hang requests on theirs, with their headers. */
function frames(error: unknown): readonly string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack.split('\n').filter((line) => /^ {4}at /.test(line));
}

function complain(...lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`payment-notifier: ${line}\n`);
}
