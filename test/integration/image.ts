import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fromDebian } from '../support/debian.ts';
import { nodeUnderTest } from '../support/node-under-test.ts';

const RUN_LIKE_THE_IMAGE = fileURLToPath(new URL('../../deploy/compose/run-like-the-image.sh', import.meta.url));

const run = promisify(execFile);

/** The files of the image, put together as the Dockerfile does, and a way to run what is in them as it runs. */
export class Image {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Assembles it. */
  static async build(): Promise<Image> {
    const image = new Image(mkdtempSync(join(tmpdir(), 'payment-notifier-image-')));
    // For the image's user; Node and bubblewrap may stand where only we may look.
    chmodSync(image.#folder, 0o755);
    copyFileSync(nodeUnderTest(), join(image.#folder, 'node'));
    copyFileSync(await fromDebian('bubblewrap', '/usr/bin/bwrap'), join(image.#folder, 'bwrap'));
    await image.output(['-e', '']);
    return image;
  }

  /** Where its files are. */
  get layout(): string {
    return join(this.#folder, 'app');
  }

  /** What Node prints when it is run in it with these arguments. */
  async output(args: readonly string[]): Promise<string> {
    const { stdout } = await run('bash', [RUN_LIKE_THE_IMAGE, this.layout, '--', ...args], { env: this.#env() });
    return stdout.trim();
  }

  /** Starts its command with these settings, and these folders mounted: what is out here, by where it is in there. */
  start(settings: Readonly<Record<string, string>>, mounts: Readonly<Record<string, string>>): ChildProcess {
    const args = [
      ...Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
      ...Object.entries(mounts).flatMap(([target, source]) => ['-v', `${source}:${target}`]),
    ];
    return spawn('bash', [RUN_LIKE_THE_IMAGE, this.layout, ...args], {
      env: this.#env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }

  #env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: `${this.#folder}:${process.env['PATH'] ?? ''}`,
      RUNTIME_NODE: join(this.#folder, 'node'),
      npm_config_prefer_offline: 'true',
    };
  }
}

/** The process that runs as PID 1 in a started image, by its number out here. */
export function firstProcessOf({ pid = 0 }: ChildProcess): number {
  const [first = ''] = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ');
  return Number(first);
}
