import type { Rows } from '../../../src/cli/common/result.ts';
import { PROGRAMS } from '../cells.ts';
import { FIGURES, type FigureName } from '../figures.ts';
import { figure, timesBare, type CellResult, type Results } from '../results.ts';
import { shapeOf, withSpread } from './lines.ts';

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

/** All figures of a run, by subject; a cell stands in each table that it has a figure for. */
export function tablesOf(results: Results): readonly FigureTable[] {
  return subjects(results).map(({ title, columns }) => {
    const value = (result: CellResult, column: string): string => {
      const [name, isMultiple] = [nameIn(column), column.endsWith(' × bare')];
      return withSpread(isMultiple ? timesBare(result, name, results.cells) : figure(result, name));
    };
    const rows = results.cells.flatMap((result) => {
      const values = columns.map((column) => value(result, column));
      return values.every((text) => text === '–')
        ? []
        : [[PROGRAMS[result.cell.program], shapeOf(result.cell), ...values]];
    });
    const heads = columns.map((column) => (column.endsWith(' × bare') ? '× bare loop' : FIGURES[nameIn(column)]));
    return { title, head: ['', '', ...heads], rows };
  });
}

function nameIn(column: string): FigureName {
  return column.replace(' × bare', '') as FigureName;
}
