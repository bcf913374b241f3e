import { cut, escaped, written } from './text.ts';

/** A place in the picture, in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line of a chart: its points are epoch seconds and values. */
export interface Line {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [at: number, value: number])[];
}

/** What a chart shows beside its lines. */
export interface ChartStyle {
  readonly unit: string;
  readonly stacked: boolean;
  /** A dashed line at this value. */
  readonly limit: number | undefined;
}

const LEGEND = 152;
const LEGEND_LINE = 13;
const AXIS = { left: 44, bottom: 16 };

/** Lines over time with axes, and a legend of those that are not 0 throughout. */
export function chart(box: Box, lines: readonly Line[], style: ChartStyle): string {
  const shown = lines.filter(({ points }) => points.some(([, value]) => value !== 0 && Number.isFinite(value)));
  const plot = {
    x: box.x + AXIS.left,
    y: box.y,
    width: box.width - AXIS.left - LEGEND,
    height: box.height - AXIS.bottom,
  };
  const drawn = style.stacked ? stacked(shown) : shown;
  const times = lines.flatMap(({ points }) => points.map(([at]) => at));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const top = topOf(drawn.flatMap(({ points }) => points.map(([, value]) => value)));
  const place = ([at, value]: readonly [number, number]): string => {
    const x = plot.x + ((at - from) / Math.max(1, to - from)) * plot.width;
    const y = plot.y + plot.height * (1 - Math.min(1, Math.max(0, value / top)));
    return `${x.toFixed(0)},${y.toFixed(0)}`;
  };
  return [
    axes(plot, top, from, to, style.unit),
    ...[...drawn].reverse().map((line) => drawing(line, place, style.stacked)),
    ...(style.limit === undefined || style.limit > top ? [] : [limitLine(plot, style.limit / top)]),
    ...legend(box, shown.length === 0 ? lines.slice(0, 1) : shown, style.unit),
  ].join('');
}

function axes(plot: Box, top: number, from: number, to: number, unit: string): string {
  const rows = [0, 0.5, 1].map((part) => {
    const y = plot.y + plot.height * (1 - part);
    return (
      `<path d="M${plot.x} ${y.toFixed(0)}h${plot.width.toFixed(0)}" class="grid"/>` +
      `<text x="${plot.x - 4}" y="${(y + 3).toFixed(0)}" class="axis" text-anchor="end">${escaped(written(top * part, unit))}</text>`
    );
  });
  const bottom = plot.y + plot.height + 12;
  const time = (at: number, x: number, anchor: string): string =>
    `<text x="${x.toFixed(0)}" y="${bottom.toFixed(0)}" class="axis" text-anchor="${anchor}">${clock(at)}</text>`;
  return [...rows, time(from, plot.x, 'start'), time(to, plot.x + plot.width, 'end')].join('');
}

function clock(at: number): string {
  return Number.isFinite(at) ? new Date(at * 1_000).toISOString().slice(11, 19) : '';
}

function drawing(line: Line, place: (point: readonly [number, number]) => string, filled: boolean): string {
  const points = withoutFlats(line.points.filter(([, value]) => Number.isFinite(value))).map(place);
  const [first] = line.points;
  const last = line.points.at(-1);
  const area =
    filled && first !== undefined && last !== undefined
      ? `<polygon points="${[...points, place([last[0], 0]), place([first[0], 0])].join(' ')}" fill="${line.color}" opacity="0.25"/>`
      : '';
  return `${area}<polyline points="${points.join(' ')}" stroke="${line.color}" class="line"/>`;
}

/** Points in the middle of a level stretch say nothing. */
function withoutFlats(points: Line['points']): Line['points'] {
  return points.filter(([, value], at) => value !== points[at - 1]?.[1] || value !== points[at + 1]?.[1]);
}

function limitLine(plot: Box, part: number): string {
  const y = (plot.y + plot.height * (1 - part)).toFixed(0);
  return `<path d="M${plot.x} ${y}h${plot.width.toFixed(0)}" class="limit"/>`;
}

function legend(box: Box, lines: readonly Line[], unit: string): string[] {
  const x = box.x + box.width - LEGEND + 8;
  return lines.slice(0, Math.floor(box.height / LEGEND_LINE)).map(({ name, color, points }, at) => {
    const y = box.y + 8 + at * LEGEND_LINE;
    const most = Math.max(...points.map(([, value]) => value).filter(Number.isFinite));
    const label = escaped(`${cut(name, 17)} ${written(most, unit)}`);
    return `<rect x="${x}" y="${y - 7}" width="8" height="8" fill="${color}"/><text x="${x + 12}" y="${y}" class="axis">${label}</text>`;
  });
}

/** Each line on top of those before it. */
function stacked(lines: readonly Line[]): Line[] {
  const sums = new Map<number, number>();
  return lines.map((line) => ({
    ...line,
    points: line.points.map(([at, value]) => {
      const sum = (sums.get(at) ?? 0) + (Number.isFinite(value) ? value : 0);
      sums.set(at, sum);
      return [at, sum] as const;
    }),
  }));
}

/** A round number that no value is above. */
function topOf(values: readonly number[]): number {
  const highest = Math.max(0, ...values.filter(Number.isFinite));
  if (highest === 0) return 1;
  const size = 10 ** Math.floor(Math.log10(highest));
  return ([1, 2, 5, 10].find((factor) => factor * size >= highest) ?? 10) * size;
}
