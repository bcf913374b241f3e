import type { Rows } from '../../../src/cli/common/result.ts';
import { PROGRAMS } from '../cells.ts';
import { FIGURES, type FigureName } from '../figures.ts';
import { figure, timesBare, type CellResult, type Results } from '../results.ts';
import { NOTHING, shapeOf, withSpread } from './lines.ts';

/** A table of figures that belong together. */
export interface FigureTable extends Rows {
  readonly title: string;
}

interface Subject {
  readonly title: string;
  /** Figures; `× bare` after one shows it once more, as a multiple of the bare loop's. */
  readonly columns: readonly (FigureName | `${FigureName} × bare`)[];
}

function subjects({ extent: { rate } }: Results): readonly Subject[] {
  return [
    {
      title: 'Full rate, a backlog waiting',
      columns: ['cpuMicros', 'cpuMicros × bare', 'perSecond', 'perSecond × bare', 'lagMs', 'garbageKB', 'memoryMiB'],
    },
    {
      title: `From record to request, ${rate} events a second`,
      columns: ['p50Ms', 'p99Ms', 'p999Ms', 'rateCpuMicros', 'rateGarbageKB', 'rateBrokerMicros'],
    },
    { title: 'Idle', columns: ['idlePercent', 'idleBrokerPercent'] },
    {
      title: 'Around it, at full rate',
      columns: ['brokerMicros', 'gatewayMicros', 'strangersPercent', 'scrapeMs', 'registryRequests', 'leastShare'],
    },
  ];
}

/** All figures of a run, by subject; a cell stands in each table that it has a figure for, a column where any cell has it. */
export function tablesOf(results: Results): readonly FigureTable[] {
  return subjects(results).flatMap(({ title, columns }) => {
    const found = columns.map((column) => results.cells.map((result) => valueIn(column, result, results)));
    const shown = columns.map((_, at) => at).filter((at) => found[at]?.some((text) => text !== NOTHING));
    const rows = results.cells.flatMap((result, row) => {
      const values = shown.map((at) => found[at]?.[row] ?? NOTHING);
      if (values.every((text) => text === NOTHING)) return [];
      return [[PROGRAMS[result.cell.program], shapeOf(result.cell), ...values]];
    });
    return rows.length === 0 ? [] : [{ title, head: ['', '', ...shown.map((at) => headOf(columns[at] ?? ''))], rows }];
  });
}

function valueIn(column: string, result: CellResult, { cells }: Results): string {
  const name = nameIn(column);
  return withSpread(isMultiple(column) ? timesBare(result, name, cells) : figure(result, name));
}

function headOf(column: string): string {
  return isMultiple(column) ? '× bare loop' : FIGURES[nameIn(column)];
}

function isMultiple(column: string): boolean {
  return column.endsWith(' × bare');
}

function nameIn(column: string): FigureName {
  return column.replace(' × bare', '') as FigureName;
}
