import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { nodeUnderTest } from './node-under-test.ts';
import { secretIn, secretsOf, type Secrets } from './secrets.ts';
import { until } from './until.ts';

const ANSWER_WITHIN_MS = 5_000;
/** Looked through for secrets. */
const WATCHED = ['/metrics', '/status'];
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A line of the service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The built service in a process of its own, as it is deployed, on the Node that the image ships. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #stdout: Readable;
  /** Everything it printed, whole. */
  output = '';
  errors = '';
  readonly log: LogLine[] = [];
  exitCode: number | undefined;
  readonly #exited: Promise<unknown>;
  readonly #secrets: Secrets;
  /** The last of what could be asked of it while it ran. */
  readonly #served = new Map<string, string>();

  private constructor(child: ChildProcess, port: number, secrets: Secrets) {
    this.#child = child;
    this.#port = port;
    this.#secrets = secrets;
    this.#exited = once(child, 'close').then(
      ([code, signal]) => (this.exitCode = (code as number | null) ?? (signal ? -1 : -2)),
    );
    if (child.stdout === null || child.stderr === null) throw new Error('the service has no output to read');
    this.#stdout = child.stdout;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.output += `${line}\n`;
      this.log.push(JSON.parse(line) as LogLine);
    });
    child.stderr.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  /** Starts it with nothing in its environment but these settings. */
  static async start(
    settings: Readonly<Record<string, string>>,
    wrapper: readonly string[] = [],
  ): Promise<ServiceProcess> {
    const port = await freePort();
    const [command = '', ...args]: string[] = [...wrapper, nodeUnderTest(), MAIN];
    const env = {
      PATH: process.env['PATH'],
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
      LOG_LEVEL: 'debug',
      ...settings,
    };
    return ServiceProcess.of(spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }), port, settings);
  }

  /** One that was started in another way, with these settings; its probes are on this port. */
  static of(child: ChildProcess, port: number, settings: Readonly<Record<string, string>>): ServiceProcess {
    return new ServiceProcess(child, port, secretsOf(settings));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Where it serves probes and metrics: `host:port`. */
  get address(): string {
    return `127.0.0.1:${String(this.#port)}`;
  }

  get running(): boolean {
    return this.exitCode === undefined;
  }

  /** Resolves when it has joined its group. */
  async ready(): Promise<this> {
    await until('the service to be ready', async () => {
      if (!this.running) throw new Error(`the service ended with ${String(this.exitCode)}: ${this.errors}`);
      return (await this.get('/readyz')).status === 200;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; it said:\n${this.tail()}`);
    });
    return this;
  }

  /** @param accept what the client takes, as a browser says it; anything by default */
  async get(path: string, method = 'GET', accept = '*/*'): Promise<{ status: number; body: string }> {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const response = await fetch(`http://${this.address}${path}`, {
        method,
        signal,
        headers: { accept },
      });
      const body = await response.text();
      if (WATCHED.includes(path)) this.#served.set(path, body);
      return { status: response.status, body };
    } catch {
      return { status: 0, body: '' };
    }
  }

  /** The value of one series, written as in the exposition; `undefined` where there is none. */
  async metric(series: string): Promise<number | undefined> {
    const { body } = await this.get('/metrics');
    const line = body.split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  /** Which secret it has printed or served; `undefined` where none. */
  async leak(): Promise<string | undefined> {
    if (this.running) await this.#askAll();
    return secretIn([this.output, this.errors, ...this.#served.values()].join('\n'), this.#secrets);
  }

  /** The last of what it said, for messages of failed assertions. */
  tail(): string {
    return this.errors + this.output.slice(-4_000);
  }

  /** From now on nobody takes what it writes to standard output. */
  stopReading(): void {
    this.#stdout.pause();
  }

  /** And nobody ever will: what it has written is lost. */
  stopListening(): void {
    this.#stdout.destroy();
  }

  /** Whether the process is gone, though what it wrote may still be there to read. */
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it by a signal and gives its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    await this.#askAll();
    this.signal(signal);
    return this.exit();
  }

  async #askAll(): Promise<void> {
    await Promise.all(WATCHED.map((path) => this.get(path)));
  }

  async exit(): Promise<number> {
    await this.#exited;
    return this.exitCode ?? -3;
  }
}

/** A port of the loopback address that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
