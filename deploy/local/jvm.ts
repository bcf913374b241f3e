import type { ChildProcess } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, spawnJava } from './java.ts';
import type { JavaProcess } from './java.ts';
import { formatProcessId, identify } from './process-id.ts';

const POLL_MS = 25;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
const LOG_LINES_SHOWN = 15;

/** What a long-running JVM is made from. */
export interface JvmOptions {
  readonly name: string;
  readonly args: readonly string[];
  /** Gets `<name>.log`; every start appends to it. */
  readonly logFolder: string;
  /** Gets `<name>.pid` for as long as the process runs, see `run-folders.ts`. */
  readonly runFolder: string;
  /** Called before every start. */
  readonly prepare?: () => Promise<void>;
  /** Asked again and again with what this start has logged so far. */
  readonly isReady: (log: string) => boolean | Promise<boolean>;
}

/** A long-running JVM that can be ended and started again. */
export interface Jvm {
  readonly logFile: string;
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  /** Resolves once it is ready; does nothing while it runs. Throws `JvmStartError`, without Java `SetupError`. */
  start(): Promise<void>;
  /** Ends it in good order: SIGTERM, SIGKILL after 30 s. Resolves once it has gone. */
  stop(): Promise<void>;
  /** Ends it as a crash would: SIGKILL. Resolves once it has gone. */
  kill(): Promise<void>;
}

/** A JVM that ended, or took longer than 60 s, before it was ready. The message closes with its last lines. */
export class JvmStartError extends Error {
  override readonly name = 'JvmStartError';
  /** All that this start logged. */
  readonly log: string;

  constructor(problem: string, logFile: string, log: string) {
    super(`${problem} The end of ${logFile}:\n${lastLines(log)}`);
    this.log = log;
  }
}

/** Describes a JVM without starting it. */
export function createJvm(options: JvmOptions): Jvm {
  const logFile = `${options.logFolder}/${options.name}.log`;
  let child: JavaProcess | undefined;

  return {
    logFile,
    get pid() {
      return child && !hasEnded(child) ? child.pid : undefined;
    },
    async start() {
      if (child && !hasEnded(child)) return;
      await mkdir(options.logFolder, { recursive: true });
      await options.prepare?.();
      const logged = await spawnLogged(logFile, options.args);
      child = logged.child;
      recordPid(child, `${options.runFolder}/${options.name}.pid`);
      await untilReady(options, logFile, logged);
    },
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
}

interface LoggedProcess {
  readonly child: JavaProcess;
  readonly readLog: () => Promise<string>;
}

/** The JVM writes to the file itself: its log is complete whatever becomes of this process. */
async function spawnLogged(logFile: string, args: readonly string[]): Promise<LoggedProcess> {
  const file = await open(logFile, 'a');
  try {
    const start = (await file.stat()).size;
    const child = await spawnJava(args, ['ignore', file.fd, file.fd]);
    return { child, readLog: async () => (await readFile(logFile)).subarray(start).toString() };
  } finally {
    await file.close();
  }
}

function recordPid(child: JavaProcess, file: string): void {
  const id = identify(child.pid);
  if (!id || hasEnded(child)) return;
  writeFileSync(file, formatProcessId(id));
  child.once('exit', () => rmSync(file, { force: true }));
}

async function untilReady({ name, isReady }: JvmOptions, logFile: string, logged: LoggedProcess): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const ended = hasEnded(logged.child);
    const log = await logged.readLog();
    if (ended) throw new JvmStartError(`${name} ended before it was ready.`, logFile, log);
    if (await isReady(log)) return;
    if (Date.now() > deadline) {
      await end(logged.child, 'SIGKILL');
      throw new JvmStartError(`${name} was not ready in ${START_LIMIT_MS} ms.`, logFile, log);
    }
    await sleep(POLL_MS);
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || hasEnded(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  child.kill(signal);
  await gone;
  clearTimeout(timer);
}

function lastLines(log: string): string {
  return log.trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
}
