import Table from 'cli-table3';
import type { Terminal } from './terminal.ts';

/** Rows under a head; numbers stand to the right. */
export interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What a command found or did. */
export interface Result {
  /** `done` unless said. */
  readonly exit?: 'done' | 'failed' | 'found';
  /** For people: lines and tables, in this order. */
  readonly text: readonly (string | Rows)[];
  /** For programs, with `--json`: a stable shape, on one line. `undefined` where the command has none. */
  readonly json?: unknown;
}

/** Prints a result the one way or the other. */
export function print({ text, json }: Result, asJson: boolean, out: Terminal): void {
  if (asJson && json !== undefined) {
    out.line(JSON.stringify(json));
    return;
  }
  for (const block of text) out.line(typeof block === 'string' ? block : tableOf(block, out));
}

const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((part) => [part, '']),
);

/** Columns that stand under each other, without borders or trailing spaces. */
function tableOf({ head, rows }: Rows, out: Terminal): string {
  const isNumber = (column: number): boolean => rows.every((row) => typeof row[column] === 'number');
  const table = new Table({
    head: head.map((title) => out.paint('bold', title)),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colAligns: head.map((_, column) => (rows.length > 0 && isNumber(column) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
