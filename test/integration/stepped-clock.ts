import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOCAL } from '../../deploy/local/layout.ts';
import { SetupError } from '../../deploy/local/setup-error.ts';
import { temporaryFolder } from '../support/keys.ts';

const run = promisify(execFile);
const FOLDER = join(LOCAL, 'faketime');

/** A wall clock of a service alone, which can be stepped while it runs. */
export interface SteppedClock {
  /** The service's settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** From now on the clock is wrong by this many seconds. */
  step(seconds: number): Promise<void>;
}

/** Makes a clock that is right at first. Timers go by the monotonic clock, which stays as it is. */
export async function steppedClock(): Promise<SteppedClock> {
  const library = await faketime();
  const file = join(temporaryFolder({ clock: '+0' }), 'clock');
  return {
    settings: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    step: async (seconds) => {
      await writeFile(`${file}.new`, seconds < 0 ? String(seconds) : `+${String(seconds)}`);
      await rename(`${file}.new`, file);
    },
  };
}

/** The library, as it is installed or else fetched from Debian into a folder of ours; nothing is installed. */
async function faketime(): Promise<string> {
  const found = (await libraryBelow('/usr/lib')) ?? (await libraryBelow(FOLDER));
  if (found !== undefined) return found;
  const fresh = `${FOLDER}.${String(process.pid)}`;
  await mkdir(fresh, { recursive: true });
  try {
    await run('apt-get', ['download', 'libfaketime'], { cwd: fresh });
    const [archive = ''] = (await readdir(fresh)).filter((name) => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', join(fresh, archive), fresh]);
    await rm(FOLDER, { recursive: true, force: true });
    await rename(fresh, FOLDER);
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true });
    throw new SetupError(
      'libfaketime is missing: it steps the clock of one process.',
      'Install it, e.g. "apt-get install libfaketime", or let "apt-get download libfaketime" work.',
      { cause },
    );
  }
  const fetched = await libraryBelow(FOLDER);
  if (fetched === undefined) throw new Error(`no library in the package that was fetched into ${FOLDER}`);
  return fetched;
}

async function libraryBelow(folder: string): Promise<string | undefined> {
  const { stdout } = await run('find', [folder, '-path', '*/faketime/libfaketime.so.1']).catch(() => ({ stdout: '' }));
  return stdout.split('\n').find((line) => line !== '');
}
