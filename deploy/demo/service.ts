import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { imageEnvironment } from '../local/image-environment.ts';
import { formatProcessId, identify } from '../local/process-id.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const POLL_MS = 50;
const READY_LIMIT_MS = 60_000;
const DRAIN_LIMIT_MS = 30_000;
/** Clock ticks in a millisecond; the kernel tells every program 100 Hz. */
const TICKS_PER_MS = 0.1;

/** A line of the service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The service ended, or never was ready, though nobody had asked it to end. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';
}

/** How the service is started. */
export interface DemoServiceOptions {
  /** The settings; it gets nothing else but `PATH`, and what the image sets for Node. */
  readonly settings: Readonly<Record<string, string>>;
  readonly port: number;
  /** Gets `service.pid`, see `run-folders.ts`. */
  readonly runFolder: string;
  readonly onLine: (line: LogLine) => void;
}

/** The built service in a process of its own, as it is deployed. */
export class DemoService {
  readonly url: string;
  readonly #child: ChildProcess;
  /** What it wrote to standard error. */
  #complaints = '';
  readonly #ended: Promise<void>;
  #exitCode: number | undefined;
  #end = '';

  constructor({ settings, port, runFolder, onLine }: DemoServiceOptions) {
    this.url = `http://127.0.0.1:${port}`;
    const own = { HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port), ...settings };
    const env = { PATH: process.env['PATH'], ...imageEnvironment(), ...own };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => (this.#complaints += error.message));
      child.once('close', (code, signal) => {
        this.#exitCode = code ?? 1;
        this.#end = signal === null ? `exit code ${this.#exitCode}` : `signal ${signal}`;
        resolve();
      });
    });
    createInterface({ input: child.stdout }).on('line', (line) => onLine(parsed(line)));
    child.stderr.on('data', (chunk: Buffer) => (this.#complaints += chunk.toString()));
    const id = child.pid === undefined ? undefined : identify(child.pid);
    if (id !== undefined) writeFileSync(`${runFolder}/service.pid`, formatProcessId(id));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Resolves when it has joined its group; throws where it ends before. */
  async ready(signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + READY_LIMIT_MS;
    while (!(await this.#isReady())) {
      this.assertRunning();
      if (Date.now() > deadline) throw new ServiceFailure(`The service was not ready in 60 s. ${this.#said()}`);
      await sleep(POLL_MS, undefined, { signal });
    }
  }

  /** Throws, with what it said, where it has ended. */
  assertRunning(): void {
    if (this.#exitCode === undefined) return;
    throw new ServiceFailure(`The service ended before its time: ${this.#end}. ${this.#said()}`);
  }

  /** Asks it to drain, by SIGTERM, and gives its exit code; kills it where it takes longer than 30 s. */
  async drain(): Promise<number> {
    if (this.#exitCode === undefined) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), DRAIN_LIMIT_MS);
    await this.#ended;
    clearTimeout(timer);
    return this.#exitCode ?? 1;
  }

  /** Ends it at once, whatever it does. */
  async kill(): Promise<void> {
    if (this.#exitCode === undefined) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Resolves when it has ended. */
  async end(): Promise<void> {
    await this.#ended;
  }

  /** Processor time it has used, user and system, in milliseconds; undefined where `/proc` does not tell. */
  cpuMs(): number | undefined {
    try {
      const stat = readFileSync(`/proc/${this.#child.pid ?? 0}/stat`, 'utf8');
      // Fields are counted from behind the name, which may hold spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_MS;
    } catch {
      return undefined;
    }
  }

  #said(): string {
    return this.#complaints === '' ? 'It did not say why.' : `It said:\n${this.#complaints.trimEnd()}`;
  }

  async #isReady(): Promise<boolean> {
    try {
      const { ok } = await fetch(`${this.url}/readyz`);
      return ok;
    } catch {
      return false;
    }
  }
}

function parsed(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: 'warn', msg: line };
  }
}
