import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUNS } from './layout.ts';
import { formatProcessId, isRunning, killForCertain, parseProcessId, self } from './process-id.ts';
import type { ProcessId } from './process-id.ts';

/*
 * A cluster must not outlive the process that started it, not even where that process was killed with SIGKILL.
 *
 * A run folder is named after its owner (`<pid>-<start>-<random>`), so it belongs to somebody from the moment it exists.
 * Each process started for it leaves `<name>.pid` inside. Whoever starts a cluster next kills what is recorded in
 * folders whose owner is dead, and removes them. Folders of living owners are never touched.
 */

/** Makes an empty run folder that belongs to this process. */
export async function makeRunFolder(runs = RUNS): Promise<string> {
  await mkdir(runs, { recursive: true });
  return mkdtemp(`${runs}/${formatProcessId(self())}-`);
}

/** Kills and removes what dead owners left behind. */
export async function clearLeftOvers(runs = RUNS): Promise<void> {
  for (const name of await namesIn(runs)) {
    const owner = parseProcessId(name);
    if (owner && !isRunning(owner)) await clear(`${runs}/${name}`);
  }
}

async function clear(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (!name.endsWith('.pid')) continue;
    const recorded = parseProcessId(await readFile(`${folder}/${name}`, 'utf8').catch(() => ''));
    if (recorded) await killAndWait(recorded);
  }
  await removeFolder(folder);
}

async function killAndWait(id: ProcessId): Promise<void> {
  killForCertain(id);
  for (let waited = 0; isRunning(id) && waited < 5_000; waited += 20) await sleep(20);
}

/** Removes a folder with all it holds; one that is not there counts as removed. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
