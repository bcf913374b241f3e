import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { bound } from './cores.ts';
import type { Order, Probed } from '../programs/probe.ts';

const LAST_SAID = 4_000;
const END_WITHIN_MS = 5_000;

/** What to run, on which Node and processor, with what around it. */
export interface MeasuredOptions {
  readonly node: string;
  readonly core: number | undefined;
  readonly probe: string;
  readonly script: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** A program that is measured. What it prints is taken from it, as by a container's runtime, and thrown away. */
export class MeasuredProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  #said = '';

  constructor({ node, core, probe, script, env }: MeasuredOptions) {
    const [command = '', ...args]: readonly string[] = [...bound(core), node, '--import', probe, script];
    const around = { PATH: process.env['PATH'], ...env };
    this.#child = spawn(command, args, { env: around, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-LAST_SAID)));
    }
    this.#ended = once(this.#child, 'exit').then(() => {
      throw new Error(`${script} has ended; it said:\n${this.#said}`);
    });
    this.#ended.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Fails when it has ended, with what it said. */
  get ended(): Promise<never> {
    return this.#ended;
  }

  /** Resolves when its program says that it is ready. */
  async ready(): Promise<void> {
    await this.#message((message) => message === 'ready');
  }

  beginProbe(): void {
    this.#child.send('begin' satisfies Order);
  }

  async endProbe(): Promise<Probed> {
    const answer = this.#message((message) => typeof message === 'object');
    this.#child.send('end' satisfies Order);
    return (await answer) as Probed;
  }

  async #message(isIt: (message: unknown) => boolean): Promise<unknown> {
    for (;;) {
      const [message] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [unknown];
      if (isIt(message)) return message;
    }
  }

  /** Ends it in good order where it takes that, and for certain in any case. */
  async end(): Promise<void> {
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS);
    this.#child.kill();
    await this.#ended.catch(() => undefined);
    clearTimeout(impatience);
  }
}
