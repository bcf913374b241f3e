import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dashboardText } from '../../deploy/observability/dashboards/dashboard.ts';
import { DASHBOARDS } from '../../deploy/observability/dashboards/all.ts';
import { metricNames, exposedNames } from '../support/promql.ts';
import { METRICS } from '../../src/ops/metric-table.ts';
import { MARK_QUERIES, PANEL_QUERIES } from '../support/dashboards.ts';
import { text, yaml } from './repository.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
    };
  };
  readonly options?: { readonly reduceOptions?: { readonly calcs: readonly string[] } };
  readonly targets?: readonly { readonly expr: string; readonly refId: string; readonly datasource: { uid: string } }[];
}

interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly multi: boolean;
  readonly allValue?: string;
  readonly datasource?: { readonly uid: string };
  readonly definition?: string;
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly editable: boolean;
  readonly timezone: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly expr: string; readonly datasource: { uid: string } }[] };
}

const FOLDER = 'deploy/observability/dashboards';
const SOURCE = '${datasource}';

const dashboards = readdirSync(new URL(`../../${FOLDER}`, import.meta.url))
  .filter((file) => file.endsWith('.json'))
  .map((file) => [file, JSON.parse(text(`${FOLDER}/${file}`)) as Dashboard] as const);

describe('metricNames', () => {
  it('finds the metrics of an expression and nothing else', () => {
    const expr =
      'max by (tier) ((time() - a_b{x="y_z"}) * on (job) (c:d{} > bool 0)) / sum (rate(e[$__rate_interval] offset 5m)) and absent(f == 1)';
    expect(metricNames(expr)).toEqual(['a_b', 'c:d', 'e', 'f']);
  });
});

describe.each(dashboards)('%s', (_, dashboard) => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const targets = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));
  const expressions = [...targets.map(({ expr }) => expr), ...dashboard.annotations.list.map(({ expr }) => expr)];

  it('is a fixed, uneditable dashboard in UTC', () => {
    expect(dashboard).toMatchObject({ schemaVersion: 42, editable: false, timezone: 'utc' });
    expect(dashboard.uid).toMatch(/^payment-notifier-[a-z]+$/);
    expect(dashboard.title).toMatch(/^Payment notifier \/ /);
    expect(dashboard).not.toHaveProperty('id');
  });

  it('has the variables datasource, job and instance', () => {
    const [source, ...choices] = dashboard.templating.list;
    expect(source).toMatchObject({ name: 'datasource', label: 'Data source', type: 'datasource' });
    expect(choices.map(({ name, label }) => [name, label])).toEqual([
      ['job', 'Job'],
      ['instance', 'Instance'],
    ]);
    for (const choice of choices) {
      expect(choice).toMatchObject({ type: 'query', multi: true, datasource: { uid: SOURCE } });
    }
    // Whoever chooses all jobs wants those of the service: others have metrics called `up` and `process_*` as well.
    expect(choices.map(({ allValue }) => allValue)).toEqual([undefined, '.+']);
  });

  it.each(panels)('$title: says what it shows, in which unit, from the chosen data source', (panel) => {
    expect(panel.title).not.toBe('');
    expect(panel.description).toMatch(/\w.*[.?]$/s);
    expect(panel.fieldConfig?.defaults.unit).toMatch(/\w/);
    expect(panel.datasource?.uid).toBe(SOURCE);
    expect(panel.targets).not.toHaveLength(0);
    for (const target of panel.targets ?? []) expect(target.datasource.uid).toBe(SOURCE);
    if (panel.type === 'stat') expect(panel.options?.reduceOptions?.calcs).toEqual(['lastNotNull']);
  });

  it('uses no id and no title twice', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    const titles = panels.map(({ title }) => title);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('lays no panel over another, nor past the edge', () => {
    for (const [index, { gridPos: a }] of dashboard.panels.entries()) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      for (const { gridPos: b } of dashboard.panels.slice(index + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, JSON.stringify([a, b])).toBe(true);
      }
    }
  });

  it.each(targets)('$title ($refId): selects job and instance, and rates over the interval of the page', ({ expr }) => {
    const selectors = expr.match(/\{[^}]*\}/g) ?? [];
    expect(selectors.length).toBe(metricNames(expr).length);
    for (const selector of selectors) expect(selector).toMatch(/^\{job=~"\$job", instance=~"\$instance"/);
    for (const [, window] of expr.matchAll(/\brate\([^[]*\[([^\]]*)\]/g)) expect(window).toBe('$__rate_interval');
  });

  it.each(targets)('$title ($refId): takes a counter only by its growth', ({ expr }) => {
    const outside = expr.replace(/\b(rate|increase)\([^)]*\)/g, '');
    expect(metricNames(outside).filter((name) => /_(total|count|bucket)$/.test(name))).toEqual([]);
  });

  it('asks only for metrics that there are', () => {
    const known = exposedNames();
    expect(expressions.flatMap(metricNames).filter((name) => !known.has(name))).toEqual([]);
    const [, ...choices] = dashboard.templating.list;
    for (const { definition } of choices) expect(definition).toContain('label_values(notifier_build_info');
  });
});

describe('the files', () => {
  it('are all the dashboards that there are', () => {
    expect(dashboards.map(([file]) => file)).toEqual(Object.keys(DASHBOARDS).map((name) => `${name}.json`));
  });

  it.each(Object.entries(DASHBOARDS))('%s.json is what its generator makes', (name, model) => {
    expect(text(`${FOLDER}/${name}.json`), 'run: npm run docs').toBe(dashboardText(model));
  });

  it.each(Object.keys(DASHBOARDS))('%s.svg, its picture, is there and small', (name) => {
    const picture = text(`${FOLDER}/${name}.svg`);
    expect(picture).toMatch(/^<svg /);
    expect(picture.length).toBeLessThan(200_000);
  });
});

/** Metrics that no panel shows, and why. */
const ON_NO_PANEL: Readonly<Record<string, string>> = {
  notifier_committed_offset:
    'a number that only grows; the lag says how far from the end it is, the alerts whether it moves',
  notifier_replay: 'silences OffsetRewind; how much is replayed is on the panel of replays',
};

describe('the metrics', () => {
  const asked = new Set([...PANEL_QUERIES, ...MARK_QUERIES].flatMap(({ expr }) => metricNames(expr)));

  it.each(Object.values(METRICS))('$name is on a panel, or left out for a reason', ({ name }) => {
    const shown = ['', '_bucket', '_sum', '_count'].some((part) => asked.has(`${name}${part}`));
    expect(shown).toBe(!(name in ON_NO_PANEL));
  });
});

/** What is red on a panel is what an alert fires at, written as in its rule. */
const RED: readonly (readonly [
  dashboard: keyof typeof DASHBOARDS,
  panel: string,
  from: number,
  alert: string,
  rule: RegExp,
])[] = [
  ['overview', 'Oldest unnotified', 120, 'OldestUnnotifiedTooOld', /> 120\b/],
  ['overview', 'Oldest unnotified by source partition', 120, 'OldestUnnotifiedTooOld', /> 120\b/],
  ['overview', 'Late or given up', 14.4 * 0.001, 'ErrorBudgetBurnFast', /> 14\.4 \* 0\.001 and/],
  ['overview', 'Dead letters, 24 h', 20, 'DeadLetterSurge', /\) > 20\b/],
  ['overview', 'Held?', 1, 'Held', /== 1$/m],
  ['overview', 'Unserved partitions', 1, 'UnservedPartitions', /> 0$/m],
  ['overview', 'Retry overdue by tier', 300, 'RetryOverdue', /> 300\b/],
  ['runtime', 'Last answer of the brokers', 120, 'PollStalled', /> 120\b/],
  ['runtime', 'Event loop lag', 0.25, 'EventLoopLag', /> 0\.25\b/],
  ['runtime', 'Samples in a scrape', 2_400, 'Cardinality', /> 2400\b/],
];

describe('the thresholds', () => {
  const { groups } = yaml('deploy/observability/rules/payment-notifier.yaml') as {
    groups: { rules: { alert?: string; expr: string }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);

  it.each(RED)('%s: %s is red from %s on, as %s fires', (dashboard, title, from, alert, rule) => {
    const panels = DASHBOARDS[dashboard]['panels'] as readonly Panel[];
    const steps = panels.find((panel) => panel.title === title)?.fieldConfig?.defaults.thresholds?.steps ?? [];
    expect(steps.find(({ color }) => color === 'red')?.value).toBeCloseTo(from, 9);
    expect(rules.find((one) => one.alert === `PaymentNotifier${alert}`)?.expr).toMatch(rule);
  });

  it.each(Object.keys(DASHBOARDS) as (keyof typeof DASHBOARDS)[])('%s: none other is above a value', (dashboard) => {
    const drawn = (DASHBOARDS[dashboard]['panels'] as readonly Panel[]).filter(({ fieldConfig }) =>
      fieldConfig?.defaults.thresholds?.steps.some(({ value, color }) => value !== null && color === 'red'),
    );
    const listed = RED.filter(([name]) => name === dashboard).map(([, title]) => title);
    const states = ['Holds by reason'];
    expect(drawn.map(({ title }) => title).filter((title) => ![...listed, ...states].includes(title))).toEqual([]);
  });
});

describe('prometheus.yml', () => {
  const config = yaml('deploy/observability/prometheus.yml') as {
    global: { scrape_interval: string };
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };

  it('scrapes the service by its name in the compose file', () => {
    const targets = config.scrape_configs.map((job) => [job.job_name, job.static_configs.flatMap((s) => s.targets)]);
    expect(targets).toContainEqual(['payment-notifier', ['notifier:9464']]);
  });

  it("scrapes as often as Grafana's data source says", () => {
    const { datasources } = yaml('deploy/observability/grafana/provisioning/datasources/prometheus.yml') as {
      datasources: { jsonData: { timeInterval: string } }[];
    };
    expect(datasources[0]?.jsonData.timeInterval).toBe(config.global.scrape_interval);
  });
});
