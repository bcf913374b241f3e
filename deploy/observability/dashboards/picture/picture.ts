import { chart, type Box, type Line } from './chart.ts';
import { cut, escaped, written } from './text.ts';

/** The answer to a query over time, as Prometheus gives it. */
export type Answer = readonly {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [at: number, value: string])[];
}[];

interface Step {
  readonly value: number | null;
  readonly color: string;
}

interface PanelModel {
  readonly type: 'row' | 'stat' | 'timeseries' | 'state-timeline';
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit: string;
      readonly decimals?: number;
      readonly thresholds: { readonly steps: readonly Step[] };
      readonly mappings?: readonly { readonly options: Readonly<Record<string, { readonly text: string }>> }[];
      readonly custom?: { readonly stacking?: { readonly mode: string }; readonly thresholdsStyle?: { readonly mode: string } };
    };
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly value: { readonly fixedColor: string } }[];
    }[];
  };
  readonly options?: { readonly textMode?: string };
}

const COLUMN = 50;
const ROW = 26;
const GAP = 4;
const TITLE = 20;
const COLORS: Readonly<Record<string, string>> = {
  green: '#56a64b',
  red: '#e02f44',
  'dark-red': '#ad0317',
  orange: '#ff780a',
  yellow: '#f2cc0c',
  blue: '#3274d9',
  purple: '#a352cc',
};
const PALETTE = ['#73bf69', '#f2cc0c', '#5794f2', '#ff9830', '#b877d9', '#f2495c', '#8ab8ff', '#ca95e5', '#96d98d'];

/**
 * A dashboard as it looks with these answers, as SVG: near enough to Grafana's for a reader to know what there is.
 *
 * @param ask answers a panel's query, whose variables are still in it
 */
export async function picture(
  model: Readonly<Record<string, unknown>>,
  ask: (expr: string) => Promise<Answer>,
): Promise<string> {
  const panels = model['panels'] as readonly PanelModel[];
  const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const [width, height] = [24 * COLUMN + GAP, bottom * ROW + 36];
  const drawn: string[] = [];
  for (const panel of panels) drawn.push(await draw(panel, ask));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(String(model['title']))}">`,
    '<style>text{font-family:Inter,"Helvetica Neue",Arial,sans-serif;fill:#d8d9da}.head{font-size:16px}.title{font-size:12px}',
    '.axis{font-size:9.5px;fill:#9fa7b3}.value{font-size:26px;font-weight:600;fill:#fff}.line{fill:none;stroke-width:1.5}',
    '.grid{stroke:#2c3235}.limit{stroke:#e02f44;stroke-dasharray:6 4}.row{font-size:13px;font-weight:600}</style>',
    `<rect width="${width}" height="${height}" fill="#111217"/>`,
    `<text x="12" y="24" class="head">${escaped(String(model['title']))}</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

async function draw(panel: PanelModel, ask: (expr: string) => Promise<Answer>): Promise<string> {
  const { gridPos, title, type } = panel;
  const box = {
    x: gridPos.x * COLUMN + GAP,
    y: gridPos.y * ROW + 36,
    width: gridPos.w * COLUMN - GAP,
    height: gridPos.h * ROW - GAP,
  };
  if (type === 'row') return `<text x="${box.x + 4}" y="${box.y + 16}" class="row">${escaped(title)}</text>`;
  const lines = await answered(panel, ask);
  const inside = { x: box.x + 6, y: box.y + TITLE + 6, width: box.width - 12, height: box.height - TITLE - 10 };
  const frame = `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="2" fill="#181b1f"/>`;
  const head = `<text x="${box.x + 8}" y="${box.y + 15}" class="title">${escaped(title)}</text>`;
  switch (type) {
    case 'stat':
      return statistic(panel, box, lines[0]) + head;
    case 'timeseries': {
      const { unit = '', custom, thresholds } = panel.fieldConfig?.defaults ?? {};
      const alerts = custom?.thresholdsStyle?.mode === 'dashed';
      const limit = alerts ? (thresholds?.steps.at(-1)?.value ?? undefined) : undefined;
      return frame + head + chart(inside, lines, { unit, stacked: custom?.stacking?.mode === 'normal', limit });
    }
    case 'state-timeline':
      return frame + head + states(inside, lines);
  }
}

async function answered(panel: PanelModel, ask: (expr: string) => Promise<Answer>): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { expr, legendFormat } of panel.targets ?? []) {
    for (const { metric, values } of await ask(expr)) {
      const name = legendFormat.replace(/{{(\w+)}}/g, (_, label: string) => metric[label] ?? '');
      const fixed = panel.fieldConfig?.overrides.find(({ matcher }) => matcher.options === name)?.properties[0];
      const color = COLORS[fixed?.value.fixedColor ?? ''] ?? PALETTE[lines.length % PALETTE.length] ?? '#fff';
      lines.push({ name, color, points: values.map(([at, value]) => [at, Number(value)] as const) });
    }
  }
  return lines;
}

function statistic(panel: PanelModel, box: Box, line: Line | undefined): string {
  const { unit = '', decimals = 3, thresholds, mappings = [] } = panel.fieldConfig?.defaults ?? {};
  const value = line?.points.findLast(([, value]) => Number.isFinite(value))?.[1] ?? NaN;
  const color = thresholds?.steps.findLast((step) => step.value === null || value >= step.value)?.color ?? '';
  const text =
    panel.options?.textMode === 'name'
      ? (line?.name ?? '–')
      : (mappings[0]?.options[String(value)]?.text ?? written(rounded(value, unit, decimals), unit));
  const middle = box.x + box.width / 2;
  return (
    `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="2" fill="${COLORS[color] ?? '#3b3f45'}"/>` +
    `<text x="${middle}" y="${box.y + box.height / 2 + 18}" class="value" text-anchor="middle">${escaped(text)}</text>`
  );
}

/** To so many decimals of what is shown: shares are shown by the hundred. */
function rounded(value: number, unit: string, decimals: number): number {
  const size = 10 ** (unit === 'percentunit' ? decimals + 2 : decimals);
  return Math.round(value * size) / size;
}

/** A bar for each series while it is 1. */
function states(box: Box, lines: readonly Line[]): string {
  const height = box.height / Math.max(1, lines.length);
  const [from, to] = [lines[0]?.points[0]?.[0] ?? 0, lines[0]?.points.at(-1)?.[0] ?? 1];
  const name = 150;
  const second = (box.width - name) / Math.max(1, to - from);
  return lines
    .map((line, at) => {
      const y = box.y + at * height;
      const on = line.points.filter(([, value]) => value === 1).map(([moment]) => {
        const x = box.x + name + (moment - from) * second;
        return `<rect x="${x.toFixed(0)}" y="${(y + 2).toFixed(0)}" width="${Math.ceil(second)}" height="${(height - 4).toFixed(0)}" fill="${COLORS['red'] ?? ''}"/>`;
      });
      return `<text x="${box.x}" y="${(y + height / 2 + 3).toFixed(0)}" class="axis">${escaped(cut(line.name, 26))}</text>${on.join('')}`;
    })
    .join('');
}
