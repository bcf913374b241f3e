import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { LOCAL } from '../../deploy/local/layout.ts';
import type { Summary } from './summary.ts';

const FOLDER = `${LOCAL}/simulation`;

/** What is kept of a run of many worlds: `.local/simulation/<name>.json`. */
export interface Figures {
  readonly startedAt: string;
  readonly node: string;
  /** The seed of its first world; the others follow. */
  readonly first: number;
  worlds: number;
  simulatedMs: number;
  readonly failures: Record<string, number>;
  /** How often each thing happened. */
  readonly counts: Record<string, number>;
  readonly situations: Record<string, number>;
}

export function noFigures(first: number, startedAt: string): Figures {
  const counts = { failures: {}, counts: {}, situations: {} };
  return { startedAt, node: process.version, first, worlds: 0, simulatedMs: 0, ...counts };
}

/** One world more. */
export function count(figures: Figures, { simulatedMs, failure, counts, situations }: Summary): void {
  figures.worlds += 1;
  figures.simulatedMs += simulatedMs;
  if (failure !== undefined) add(figures.failures, { [failure]: 1 });
  add(figures.counts, counts);
  add(figures.situations, situations);
}

/** Adds what others have counted. */
export function add(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, more] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + more;
}

export function keepFigures(figures: Figures): void {
  mkdirSync(FOLDER, { recursive: true });
  const name = `${figures.startedAt.replaceAll(':', '')}-${figures.first}`;
  writeFileSync(`${FOLDER}/${name}.json`, JSON.stringify(figures, null, 2));
}

/** The figures of all runs at hand, in the order in which they were made. */
export function keptFigures(): Figures[] {
  mkdirSync(FOLDER, { recursive: true });
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8')) as Figures);
}
