import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, type ExitCode } from '../core/exit-codes.ts';
import { collecting, Misconfigured } from '../core/misconfigured.ts';
import { loadKeys, type LoadedKeys } from '../http/key-set.ts';
import { flushed, neverWait, STANDARD_STREAMS } from '../ops/log-destination.ts';
import { expired } from '../settings/certificates.ts';
import { loadConfig, loadSections } from '../settings/load.ts';
import { configWarnings } from '../settings/misspelt.ts';
import type { Config } from '../settings/table.ts';
import { startService } from './app.ts';
import { MACHINE } from './surroundings.ts';

/** What waits for who reads our output is waited for so long at the end. */
const FLUSHED_WITHIN_MS = 1_000;

/**
 * Runs the service until a signal ends it or it cannot go on. A second signal, and an error that nothing expected, end
 * the process from here.
 *
 * @returns what its caller ends the process with, even where something is still open
 */
export async function runService(env: NodeJS.ProcessEnv): Promise<ExitCode> {
  for (const stream of STANDARD_STREAMS) neverWait(stream);
  process.on('uncaughtException', (error) => {
    complain('ended by an error that nothing expected', ...reasons(error), ...frames(error));
    process.exit(EXIT.failed);
  });
  for (const warning of configWarnings(env)) complain(warning);
  const code = await run(env).catch((error: unknown): ExitCode => {
    complain(...reasons(error));
    return error instanceof Misconfigured ? EXIT.misconfigured : EXIT.failed;
  });
  await flushed(STANDARD_STREAMS, FLUSHED_WITHIN_MS);
  return code;
}

async function run(env: NodeJS.ProcessEnv): Promise<ExitCode> {
  const { config, keys } = configure(env);
  for (const warning of expired(certificateFiles(config), Date.now())) complain(warning);
  const signal = signalled();
  const service = await startService(config, keys, MACHINE);
  const failure = await Promise.race([service.failed.catch((error: unknown) => ({ error })), signal]);
  if (failure?.error instanceof Misconfigured) throw failure.error;
  if (failure !== undefined) complain(...reasons(failure.error));
  const code = await drained(service.stop(), config.lifecycle);
  return failure === undefined ? code : EXIT.failed;
}

/** Reads settings and keys; what is wrong with either is told together. */
function configure(env: NodeJS.ProcessEnv): { config: Config; keys: LoadedKeys } {
  const problems: string[] = [];
  const config = collecting(problems, () => loadConfig(env));
  const dirs = config?.keys ?? collecting([], () => loadSections(env, ['keys']).keys);
  const keys = dirs && collecting(problems, () => loadKeys(dirs.signingDir, dirs.gatewayDir));
  if (config === undefined || keys === undefined) throw new Misconfigured(problems);
  return { config, keys };
}

function certificateFiles({ gateway, kafka: { client } }: Config): Record<string, Buffer | undefined> {
  const { ca, cert } = client.ssl === false ? {} : client.ssl;
  return { GATEWAY_CA_FILE: gateway.ca, KAFKA_SSL_CA_FILE: ca, KAFKA_SSL_CERT_FILE: cert };
}

/** Resolves at the first signal; the second one ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) process.exit(EXIT[signal]);
        resolve();
      });
    }
  });
}

async function drained(stopped: Promise<boolean>, { shutdownTimeoutMs }: Config['lifecycle']): Promise<ExitCode> {
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
