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
  if (existsSync(path)) return path;
  const folder = join(LOCAL, 'debian', name);
  const file = join(folder, path);
  if (existsSync(file)) return file;
  const fresh = `${folder}.${String(process.pid)}`;
  await mkdir(fresh, { recursive: true });
  try {
    await run('apt-get', ['download', name], { cwd: fresh });
    const [archive = ''] = (await readdir(fresh)).filter((entry) => entry.endsWith('.deb'));
    await run('dpkg-deb', ['-x', join(fresh, archive), fresh]);
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
  return file;
}
