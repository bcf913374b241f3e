import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { SetupError } from './setup-error.ts';

/** For every JVM here: quick to start rather than fast in the long run, and silent about class data it cannot use. */
const COMMON_FLAGS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xlog:cds=off', '-Xlog:cds+dynamic=off'];

/** A child process that did start, so that it has a pid. */
export type JavaProcess = ChildProcess & { readonly pid: number };

const running = new Set<ChildProcess>();

/** Starts `java`; resolves once the process exists. Whatever still runs when this process exits is killed with it. */
export async function spawnJava(args: readonly string[], stdio: StdioOptions): Promise<JavaProcess> {
  // In a process group of its own, or Ctrl-C in a terminal would end brokers before the service could drain.
  const child = spawn(javaCommand(), [...COMMON_FLAGS, ...args], { stdio, detached: true });
  killAtExit(child);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(javaMissing(error)));
  });
  return child as JavaProcess;
}

/** Whether the process has ended, however it did. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Has a child process killed when this process exits. */
export function killAtExit(child: ChildProcess): void {
  if (running.size === 0) process.once('exit', killRunning);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killRunning);
  });
}

function killRunning(): void {
  for (const child of running) child.kill('SIGKILL');
}

function javaCommand(): string {
  const home = process.env['JAVA_HOME'];
  return home ? join(home, 'bin', 'java') : 'java';
}

function javaMissing(cause: Error): SetupError {
  return new SetupError(
    `Java 17 or newer is missing: ${javaCommand()} cannot be started.`,
    'Install a JDK, e.g. "apt-get install openjdk-17-jdk-headless" or "brew install openjdk", or set JAVA_HOME.',
    { cause },
  );
}
