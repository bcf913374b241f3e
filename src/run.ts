import { setTimeout as sleep } from 'node:timers/promises';
import { CannotStart, startService } from './app.ts';
import { ConfigProblems, configWarnings, loadConfig, type Config } from './config.ts';
import { KeyProblem } from './http/key-ring.ts';

const EXIT = { done: 0, failed: 1, misconfigured: 2, signalled: { SIGINT: 130, SIGTERM: 143 } } as const;

/** Runs the service until a signal ends it or it cannot go on; exit codes as in the README. */
export async function runService(env: NodeJS.ProcessEnv): Promise<void> {
  for (const warning of configWarnings(env)) complain(warning);
  try {
    const config = loadConfig(env);
    const signal = signalled();
    const service = await startService(config);
    await Promise.race([service.failed, signal]);
    process.exit(await drained(service.stop(), config));
  } catch (error) {
    complain(...reasons(error));
    process.exit(isMisconfigured(error) ? EXIT.misconfigured : EXIT.failed);
  }
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

async function drained(stopped: Promise<void>, { shutdownTimeoutMs }: Config): Promise<number> {
  const inTime = await Promise.race([stopped.then(() => true), sleep(shutdownTimeoutMs, false)]);
  if (!inTime)
    complain(`not drained within SHUTDOWN_TIMEOUT; what was in flight is not committed and will be sent again`);
  return inTime ? EXIT.done : EXIT.failed;
}

function isMisconfigured(error: unknown): error is ConfigProblems | KeyProblem | CannotStart {
  return error instanceof ConfigProblems || error instanceof KeyProblem || error instanceof CannotStart;
}

function reasons(error: unknown): readonly string[] {
  if (isMisconfigured(error)) return error.problems;
  return [error instanceof Error ? `${error.name}: ${error.message}` : 'ended for an unknown reason'];
}

function complain(...lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`payment-notifier: ${line}\n`);
}
