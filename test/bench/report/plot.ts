import { escaped } from '../../../deploy/observability/dashboards/picture/text.ts';
import { PROGRAMS, type Program } from '../cells.ts';
import type { FigureName } from '../figures.ts';
import { figure, timesBare, type CellResult, type Results } from '../results.ts';
import { digits, shapeOf } from './lines.ts';

const [WIDTH, LABELS, COLUMN, GAP, ROW, TOP] = [1_000, 310, 200, 30, 32, 62];

const COLOURS: Readonly<Record<Program, string>> = {
  bare: '#8b949e',
  kafkajs: '#bc8cff',
  partition: '#3fb950',
  key: '#58a6ff',
};

const STYLE =
  'text{font:12px system-ui,sans-serif;fill:#24292f}.head{font-weight:600}.small{font-size:10px;fill:#57606a}' +
  '.grid{stroke:#d0d7de}.range{stroke:#24292f;stroke-width:1.2}';

/** The cells of one Node as rows: CPU and events a second as bars, from record to request as points on a logarithmic scale. */
export function resultsPlot({ cells, extent }: Results): string {
  const rows = cells.filter((result) => figure(result, 'cpuMicros') !== undefined);
  const height = TOP + rows.length * ROW + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="What an event costs">`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" rx="6" fill="#ffffff"/>`,
    ...rows.map((result, at) => label(result, at)),
    ...bars(rows, 0, 'cpuMicros', 'CPU, µs an event'),
    ...bars(rows, 1, 'perSecond', 'events a second'),
    ...points(rows, 2, `record to request, ${extent.rate}/s, ms`),
    '</svg>\n',
  ].join('\n');
}

function left(column: number): number {
  return LABELS + column * (COLUMN + GAP);
}

function middle(row: number): number {
  return TOP + row * ROW + ROW / 2;
}

function label({ cell }: CellResult, at: number): string {
  const y = middle(at);
  return (
    `<text x="12" y="${y - 1}">${escaped(PROGRAMS[cell.program])}</text>` +
    `<text x="12" y="${y + 10}" class="small">${escaped(shapeOf(cell))}</text>`
  );
}

function head(column: number, title: string): string {
  return `<text x="${left(column)}" y="26" class="head">${escaped(title)}</text>`;
}

/** Bars up to the median, with a line from the least to the most, and what multiple of the bare loop's they are. */
function bars(rows: readonly CellResult[], column: number, name: FigureName, title: string): string[] {
  const found = rows.map((result) => figure(result, name));
  const multiples = rows.map((result) => timesBare(result, name, rows)?.median);
  const most = Math.max(...found.map((one) => one?.most ?? 0));
  const place = (value: number): string => (left(column) + (value / most) * (COLUMN - 75)).toFixed(1);
  return [
    head(column, title),
    ...rows.flatMap(({ cell }, at) => {
      const one = found[at];
      if (one === undefined) return [];
      const y = middle(at);
      const multiple = multiples[at] === undefined ? '' : ` · ${digits(multiples[at])} ×`;
      const length = (Number(place(one.median)) - left(column)).toFixed(1);
      return [
        `<rect x="${left(column)}" y="${y - 7}" width="${length}" height="14" fill="${COLOURS[cell.program]}" opacity="0.75"/>`,
        `<path d="M${place(one.least)} ${y}H${place(one.most)}" class="range"/>`,
        `<text x="${(Number(place(one.most)) + 5).toFixed(1)}" y="${y + 4}" class="small">${digits(one.median)}${multiple}</text>`,
      ];
    }),
  ];
}

const QUANTILES = [
  ['p50Ms', 4],
  ['p99Ms', 3.2],
  ['p999Ms', 2.4],
] as const satisfies readonly (readonly [FigureName, number])[];

function points(rows: readonly CellResult[], column: number, title: string): string[] {
  const all = rows.flatMap((result) => QUANTILES.flatMap(([name]) => figure(result, name)?.median ?? []));
  if (all.length === 0) return [];
  const [from, to] = [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(Math.max(...all)))];
  const place = (value: number): string =>
    (left(column) + ((Math.log10(value) - from) / Math.max(1, to - from)) * COLUMN).toFixed(1);
  const decades = Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at));
  const bottom = TOP + rows.length * ROW;
  return [
    head(column, title),
    ...decades.map(
      (value) =>
        `<path d="M${place(value)} ${TOP - 8}V${bottom}" class="grid"/>` +
        `<text x="${place(value)}" y="${TOP - 12}" class="small" text-anchor="middle">${value}</text>`,
    ),
    ...rows.flatMap((result, at) => {
      const found = QUANTILES.flatMap(([name, radius]) => {
        const one = figure(result, name);
        return one === undefined ? [] : [{ median: one.median, radius }];
      });
      const [first, last] = [found[0], found.at(-1)];
      if (first === undefined || last === undefined) return [];
      const y = middle(at);
      const colour = COLOURS[result.cell.program];
      return [
        `<path d="M${place(first.median)} ${y}H${place(last.median)}" class="grid"/>`,
        ...found.map(
          ({ median, radius }) => `<circle cx="${place(median)}" cy="${y}" r="${radius}" fill="${colour}"/>`,
        ),
      ];
    }),
    `<text x="${left(column)}" y="38" class="small">p50, p99 and p999, from large to small</text>`,
  ];
}
