/** The series of the chosen jobs and instances: every query of ours selects by these. */
const CHOSEN = 'job=~"$job", instance=~"$instance"';

/** A query and what a series of it is called; `{{label}}` stands for a label's value. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** What every panel says of itself. Widths are in 24ths of the page, heights in units of about 38 px. */
export interface About {
  readonly title: string;
  readonly description: string;
  /** A unit's id in Grafana. */
  readonly unit: string;
  readonly width: number;
  readonly height?: number;
}

/** From `value` on the panel shows `color`. */
export interface Step {
  readonly value: number;
  readonly color: string;
}

/** A panel of the classic model before it has a place and a number. */
export interface Panel {
  readonly type: 'stat' | 'timeseries' | 'state-timeline';
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
  readonly model: Readonly<Record<string, unknown>>;
}

/** Colours of what means the same on every panel. */
export const OUTCOME_COLORS = { delivered: 'green', rejected: 'orange', systemic: 'red', unknown: 'yellow' };
export const CODE_COLORS = { SUCCESS: 'green', NONE: 'dark-red', OTHER: 'purple' };

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** A selector of a metric's chosen series, narrowed by further matchers such as `tier="main"`. */
export function series(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${[CHOSEN, ...matchers].join(', ')}}`;
}

/** Per second, summed over everything but the labels of `by`. */
export function rate(metric: string, by: readonly string[] = [], ...matchers: readonly string[]): string {
  return `sum${grouping(by)} (rate(${series(metric, ...matchers)}[$__rate_interval]))`;
}

/** How much a counter grew in a window such as `24h` or `$__range`, summed over everything but the labels of `by`. */
export function growth(window: string, metric: string, ...matchers: readonly string[]): string {
  return `sum (increase(${series(metric, ...matchers)}[${window}]))`;
}

/** The largest value by labels: two members may both tell of a partition that has just moved, so never the sum. */
export function largest(metric: string, by: readonly string[] = [], ...matchers: readonly string[]): string {
  return `max${grouping(by)} (${series(metric, ...matchers)})`;
}

/** Seconds since the moments a gauge holds: negative for those to come, 0 where the gauge is 0, that is, has none. */
export function age(metric: string, by: readonly string[] = [], ...matchers: readonly string[]): string {
  const moments = series(metric, ...matchers);
  return `max${grouping(by)} ((time() - ${moments}) * (${moments} > bool 0))`;
}

/** A quantile of a histogram. */
export function quantile(q: number, metric: string, by: readonly string[] = []): string {
  return `histogram_quantile(${q}, ${rate(`${metric}_bucket`, ['le', ...by])})`;
}

/** The bucket of a histogram that ends at so many seconds: Prometheus 3 writes 4 as 4.0. */
export function within(seconds: number): string {
  return `le=~"${seconds}(\\\\.0)?"`;
}

/** Part of the live payments that the matchers select, in a window. */
export function partOfPayments(window: string, metric: string, ...matchers: readonly string[]): string {
  return `${growth(window, metric, ...matchers)} / ${growth(window, 'notifier_slo_events_total')}`;
}

function grouping(by: readonly string[]): string {
  return by.length === 0 ? '' : ` by (${by.join(', ')})`;
}

/** One number: green, unless steps say otherwise. */
export function stat(
  about: About,
  query: Query,
  options: {
    readonly steps?: readonly Step[];
    /** Texts in the place of values. */
    readonly texts?: Readonly<Record<string, string>>;
    /** Shows the series' name and not its value. */
    readonly byName?: boolean;
    readonly decimals?: number;
    readonly base?: string;
  } = {},
): Panel {
  const { steps = [], texts, byName = false, decimals, base = 'green' } = options;
  const mapped = Object.entries(texts ?? {}).map(([value, text], index) => [value, { text, index }] as const);
  return panel('stat', { height: 4, ...about }, [query], {
    fieldConfig: {
      defaults: {
        unit: about.unit,
        ...(decimals === undefined ? {} : { decimals }),
        color: { mode: 'thresholds' },
        thresholds: { mode: 'absolute', steps: [{ value: null, color: base }, ...steps] },
        mappings: mapped.length === 0 ? [] : [{ type: 'value', options: Object.fromEntries(mapped) }],
      },
      overrides: [],
    },
    options: {
      colorMode: 'background',
      graphMode: byName || texts ? 'none' : 'area',
      justifyMode: 'center',
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      textMode: byName ? 'name' : 'value',
      wideLayout: true,
    },
  });
}

/** Lines over time, or a stack of areas. */
export function graph(
  about: About,
  queries: readonly Query[],
  options: {
    readonly stacked?: boolean;
    readonly colors?: Readonly<Record<string, string>>;
    /** Above this an alert fires: drawn as a line. */
    readonly alertAbove?: number;
  } = {},
): Panel {
  const { stacked = false, colors = {}, alertAbove } = options;
  return panel('timeseries', { height: 8, ...about }, queries, {
    fieldConfig: {
      defaults: {
        unit: about.unit,
        min: 0,
        color: { mode: 'palette-classic' },
        custom: {
          drawStyle: 'line',
          lineInterpolation: 'linear',
          lineWidth: 1,
          fillOpacity: stacked ? 30 : 5,
          gradientMode: 'none',
          showPoints: 'never',
          spanNulls: false,
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
          thresholdsStyle: { mode: alertAbove === undefined ? 'off' : 'dashed' },
        },
        thresholds: {
          mode: 'absolute',
          steps: [
            { value: null, color: 'transparent' },
            ...(alertAbove === undefined ? [] : [{ value: alertAbove, color: 'red' }]),
          ],
        },
      },
      overrides: Object.entries(colors).map(([name, color]) => fixedColor(name, color)),
    },
    options: {
      legend: { calcs: ['lastNotNull', 'max'], displayMode: 'table', placement: 'right', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc', hideZeros: true },
    },
  });
}

/** One bar a series, coloured while it is 1. */
export function states(about: About, query: Query, texts: { readonly off: string; readonly on: string }): Panel {
  return panel('state-timeline', { height: 8, ...about }, [query], {
    fieldConfig: {
      defaults: {
        unit: about.unit,
        color: { mode: 'thresholds' },
        custom: { fillOpacity: 80, lineWidth: 0 },
        thresholds: {
          mode: 'absolute',
          steps: [
            { value: null, color: 'transparent' },
            { value: 1, color: 'red' },
          ],
        },
        mappings: [
          { type: 'value', options: { '0': { text: texts.off, index: 0 }, '1': { text: texts.on, index: 1 } } },
        ],
      },
      overrides: [],
    },
    options: {
      alignValue: 'left',
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false },
      mergeValues: true,
      rowHeight: 0.9,
      showValue: 'never',
      tooltip: { mode: 'single', sort: 'none' },
    },
  });
}

function fixedColor(name: string, color: string): Record<string, unknown> {
  return {
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }],
  };
}

function panel(
  type: Panel['type'],
  about: About & { readonly height: number },
  queries: readonly Query[],
  rest: Readonly<Record<string, unknown>>,
): Panel {
  const { title, description, width, height } = about;
  const targets = queries.map(({ expr, legend }, index) => ({
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource: DATASOURCE,
    editorMode: 'code',
    expr,
    legendFormat: legend,
    range: true,
  }));
  return { type, width, height, title, description, model: { datasource: DATASOURCE, ...rest, targets } };
}
