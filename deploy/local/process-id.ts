import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process for certain: a pid may be given to another process, a pid with its start time may not. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot where `/proc` exists, elsewhere milliseconds since the epoch. */
  readonly startedAt: number;
}

/** The process that has this pid now; undefined where there is none, or only one that waits to be reaped. */
export function identify(pid: number): ProcessId | undefined {
  const startedAt = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Identifies this very process. */
export function self(): ProcessId {
  const id = identify(process.pid);
  if (!id) throw new Error('The start time of this process cannot be read.');
  return id;
}

/** Whether this very process, not a later one with its pid, is still running. */
export function isRunning(id: ProcessId): boolean {
  return identify(id.pid)?.startedAt === id.startedAt;
}

/** Sends SIGKILL, unless the process has gone or its pid is another's by now. */
export function killForCertain(id: ProcessId): void {
  if (!isRunning(id)) return;
  try {
    process.kill(id.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** `<pid>-<start>`, fit for a file name. */
export function formatProcessId(id: ProcessId): string {
  return `${id.pid}-${id.startedAt}`;
}

/** Reads what `formatProcessId` wrote at the start of a text. */
export function parseProcessId(text: string): ProcessId | undefined {
  const match = /^(\d+)-(\d+)/.exec(text);
  return match ? { pid: Number(match[1]), startedAt: Number(match[2]) } : undefined;
}

function startFromProc(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is a name in brackets that may hold spaces and brackets itself: count from behind it.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : Number(rest[18]);
}

function startFromPs(pid: number): number | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const startedAt = Date.parse(stdout.trim());
  return Number.isNaN(startedAt) ? undefined : startedAt;
}
