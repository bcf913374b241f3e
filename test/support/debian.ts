import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOCAL } from '../../deploy/local/layout.ts';
import { SetupError } from '../../deploy/local/setup-error.ts';

const run = promisify(execFile);

/**
 * A file of a Debian package: as it is installed, or else fetched into a folder of ours. Nothing is installed.
 *
 * @param path absolute, as the package installs it
 * @throws SetupError where it can be had neither way
 */
export async function fromDebian(name: string, path: string): Promise<string> {
  return (await found(name, path, () => Promise.resolve([name]))).file;
}

/** A program, and where the libraries are that it needs and this machine lacks, as `LD_LIBRARY_PATH` wants it. */
export interface Program {
  readonly file: string;
  readonly libraryPath: string;
}

/**
 * A program of a Debian package, with all that the package needs and this machine lacks, as {@link fromDebian} gets it.
 *
 * @throws SetupError where it can be had neither way
 */
export async function programFromDebian(name: string, path: string): Promise<Program> {
  const { file, folder } = await found(name, path, () => withWhatItNeeds(name));
  if (folder === undefined) return { file, libraryPath: '' };
  const entries = await readdir(join(folder, 'usr/lib'), { recursive: true, withFileTypes: true });
  const libraries = entries.filter((entry) => entry.name.includes('.so'));
  return { file, libraryPath: [...new Set(libraries.map(({ parentPath }) => parentPath))].join(':') };
}

/** `folder` is ours, and absent where the file is one of this machine. */
async function found(
  name: string,
  path: string,
  packages: () => Promise<readonly string[]>,
): Promise<{ file: string; folder?: string }> {
  if (existsSync(path)) return { file: path };
  const folder = join(LOCAL, 'debian', name);
  const file = join(folder, path);
  if (existsSync(file)) return { file, folder };
  const fresh = `${folder}.${String(process.pid)}`;
  await mkdir(fresh, { recursive: true });
  try {
    await run('apt-get', ['download', ...(await packages())], { cwd: fresh });
    for (const archive of (await readdir(fresh)).filter((entry) => entry.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', join(fresh, archive), fresh]);
      await rm(join(fresh, archive));
    }
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true });
    throw new SetupError(
      `${name} is missing: the tests need ${path}.`,
      `Install it, e.g. "apt-get install ${name}", or let "apt-get download ${name}" work ("apt-get update" first).`,
      { cause },
    );
  }
  return { file, folder };
}

/** What would have to be installed with it. */
async function withWhatItNeeds(name: string): Promise<string[]> {
  const { stdout } = await run('apt-get', ['install', '--simulate', '--no-install-recommends', name]);
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, needed = '']) => needed);
}
