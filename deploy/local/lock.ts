import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatProcessId, isRunning, parseProcessId, self } from './process-id.ts';
import { SetupError } from './setup-error.ts';

const TIME_LIMIT_MS = 10 * 60_000;
const POLL_MS = 200;

/** Runs the work while holding an exclusive lock file; waits for a living holder, breaks the lock of a dead one. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await acquire(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<void> {
  const deadline = Date.now() + TIME_LIMIT_MS;
  while (!(await tryToAcquire(file))) {
    const holder = await contentOf(file);
    if (isStale(holder)) await breakLock(file);
    else if (Date.now() < deadline) await sleep(POLL_MS);
    else throw new SetupError(`Process ${holder} has held ${file} for too long.`, 'End that process and start again.');
  }
}

/** Linking a finished file means that a lock is never seen without its holder's name in it. */
async function tryToAcquire(file: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, formatProcessId(self()));
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Two may find the same stale lock: the slower one would move away the lock the faster one has just taken. */
async function breakLock(file: string): Promise<void> {
  const moved = `${file}.${randomUUID()}`;
  const found = await rename(file, moved).then(
    () => true,
    () => false,
  );
  if (!found) return;
  if (!isStale(await contentOf(moved))) await link(moved, file).catch(() => undefined);
  await rm(moved, { force: true });
}

/** A lock that has gone is not stale: the next try takes it. */
function isStale(content: string | undefined): boolean {
  if (content === undefined) return false;
  const holder = parseProcessId(content);
  return !holder || !isRunning(holder);
}

async function contentOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
