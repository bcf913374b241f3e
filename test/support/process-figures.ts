import { readdirSync, readFileSync } from 'node:fs';

/** CPU time of a process so far, user and system, in microseconds; the system counts in ticks of 10 ms. */
export function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** The same to the microsecond, of the threads that it has now: for processes whose threads stay. */
export function cpuMicrosOfThreads(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return nanos.reduce((sum, one) => sum + Number(one), 0) / 1_000;
}

/** Memory that a process has resident now, or had when it was most, in MiB. */
export function residentMiB(pid: number, when: 'now' | 'most' = 'now'): number {
  const name = when === 'now' ? 'VmRSS' : 'VmHWM';
  const [, kib = '0'] = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1_024;
}
