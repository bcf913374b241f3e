import { bareOf, type Cell } from './cells.ts';
import type { FigureName, Figures } from './figures.ts';
import type { Extent } from './measure/measure.ts';
import { spread, type Spread } from './statistics.ts';

/** What a cell came to, round by round. */
export interface CellResult {
  readonly cell: Cell;
  readonly rounds: readonly Figures[];
}

/** What a run came to. */
export interface Results {
  /** The day, as in ISO 8601. */
  readonly day: string;
  /** How it was called. */
  readonly command: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    /** Processors of who is measured and of everything else; nothing where nobody was bound. */
    readonly bound: { readonly measured: readonly number[]; readonly others: readonly number[] } | undefined;
    /** Full versions by their major one. */
    readonly nodes: Readonly<Record<number, string>>;
    readonly nodeOptions: string;
  };
  readonly extent: Extent;
  readonly cells: readonly CellResult[];
}

/** A figure over all rounds. */
export function figure({ rounds }: CellResult, name: FigureName): Spread | undefined {
  return spread(rounds.map((figures) => figures[name] ?? Number.NaN));
}

/** A figure as a multiple of the bare loop's in the same round; nothing where there is none to compare with. */
export function timesBare(of: CellResult, name: FigureName, all: readonly CellResult[]): Spread | undefined {
  const bareCell = bareOf(
    of.cell,
    all.map(({ cell }) => cell),
  );
  const bare = all.find(({ cell }) => cell === bareCell);
  return spread(
    of.rounds.map((figures, round) => (figures[name] ?? Number.NaN) / (bare?.rounds[round]?.[name] ?? Number.NaN)),
  );
}

/** The first cell of these properties. */
export function resultOf(all: readonly CellResult[], wanted: Partial<Cell>): CellResult | undefined {
  const entries = Object.entries(wanted) as [keyof Cell, unknown][];
  return all.find(({ cell }) => entries.every(([name, value]) => cell[name] === value));
}

/** What a program reads: every cell with the median, least and most of each figure that it has. */
export function forPrograms({ cells, ...results }: Results): unknown {
  return {
    ...results,
    cells: cells.map((result) => {
      const names = new Set(result.rounds.flatMap((figures) => Object.keys(figures) as FigureName[]));
      const figures = [...names].map((name) => [name, figure(result, name)] as const);
      return { cell: result.cell, figures: Object.fromEntries(figures.filter(([, found]) => found !== undefined)) };
    }),
  };
}
