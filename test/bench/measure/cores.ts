import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Which processors whoever is measured has to itself, and which everything else is on. */
export interface Cores {
  /** One for each member, the same for several where there are too few. */
  readonly measured: readonly number[];
  readonly others: readonly number[];
}

/** Shares processors out: the last ones are measured, at least one is left for everything else. @param all at least two */
export function shareOut(all: readonly number[], members: number): Cores {
  const count = Math.min(members, all.length - 1);
  const measured = all.slice(-count);
  return {
    measured: Array.from({ length: members }, (_, member) => measured[member % count] ?? 0),
    others: all.slice(0, -count),
  };
}

/** `0-2,5` as Linux writes it. */
export function listed(text: string): readonly number[] {
  return text.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

/**
 * Binds this process, with everything that it starts from now on, to the processors that are not measured.
 *
 * @returns nothing where there is only one processor, or no `taskset`: then nobody is bound
 */
export function bindOthers(members: number): Cores | undefined {
  try {
    const [, text = ''] = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    const all = listed(text);
    if (all.length < 2) return undefined;
    const cores = shareOut(all, members);
    execFileSync('taskset', ['-a', '-cp', cores.others.join(','), String(process.pid)], { stdio: 'ignore' });
    return cores;
  } catch {
    return undefined;
  }
}

/** What to put before a command, so that it runs on this processor. */
export function bound(core: number | undefined): readonly string[] {
  return core === undefined ? [] : ['taskset', '-c', String(core)];
}

/** Microseconds for which these processors have worked so far, whoever for. */
export function busyMicros(cores: readonly number[]): number {
  const all = cpus();
  return [...new Set(cores)].reduce((sum, core) => {
    const times = all[core]?.times;
    return sum + (times === undefined ? 0 : times.user + times.nice + times.sys + times.irq) * 1_000;
  }, 0);
}
