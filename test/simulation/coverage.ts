import Table from 'cli-table3';
import type { Figures } from './figures.ts';
import { gapsIn, situationRows } from './report.ts';
import { STANDINGS } from './situations.ts';

const COLUMNS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};
const STYLE = { head: [], border: [], 'padding-left': 0, 'padding-right': 1 };

/** What of all that could happen did happen, over many worlds, for who sits at a terminal. */
export function coverageText({ counts, situations }: Pick<Figures, 'counts' | 'situations'>): string {
  const happened = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  return [
    tableOf(happened.map(([name, count]) => [name, String(count)])),
    tableOf([['fault, and in how many kinds of situation', ...STANDINGS], ...situationRows(situations)]),
    ['Never:', ...gapsIn(situations)].join('\n'),
  ].join('\n\n');
}

function tableOf(rows: readonly string[][]): string {
  const table = new Table({
    chars: COLUMNS,
    style: STYLE,
    colAligns: ['left', ...STANDINGS.map(() => 'right' as const)],
  });
  table.push(...rows);
  return table.toString().replace(/ +$/gm, '');
}
