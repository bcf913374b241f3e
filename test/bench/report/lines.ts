import { PROGRAMS, type Cell } from '../cells.ts';
import type { FigureName, Figures } from '../figures.ts';
import type { Spread } from '../statistics.ts';

/** In place of a figure that there is not. */
export const NOTHING = '–';

/** What a cell is measured in, but for its program. */
export function shapeOf({ program, node, gatewayMs, partitions, tiers, backlog, members }: Cell): string {
  const parts = [
    program === 'bare' ? '' : `${partitions} × ${tiers + 1}`,
    `gateway ${gatewayMs} ms`,
    members === 1 ? '' : `${members} members`,
    backlog === 10_000 || program === 'bare' ? '' : `backlog ${backlog.toLocaleString('en')}`,
    `Node ${node}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

const SHOWN = [
  ['cpuMicros', 'µs/event'],
  ['perSecond', 'events/s'],
  ['p50Ms', 'ms p50'],
  ['p99Ms', 'ms p99'],
  ['idlePercent', '% idle'],
] as const satisfies readonly (readonly [FigureName, string])[];

/** One round of one cell, for who watches. */
export function inOneLine(cell: Cell, figures: Figures): string {
  const shown = SHOWN.flatMap(([name, unit]) => {
    const value = figures[name];
    return value === undefined ? [] : [`${digits(value)} ${unit}`];
  });
  return `${PROGRAMS[cell.program]}, ${shapeOf(cell)}: ${shown.join(', ')}`;
}

/** A number with as many digits as count: three. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** A figure with the least and the most that it was. */
export function withSpread(found: Spread | undefined): string {
  if (found === undefined) return NOTHING;
  const { median, least, most } = found;
  return least === most ? digits(median) : `${digits(median)} (${digits(least)}–${digits(most)})`;
}
