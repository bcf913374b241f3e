import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dashboardText } from '../../deploy/observability/dashboards/dashboard.ts';
import { overview } from '../../deploy/observability/dashboards/overview.ts';
import { createInstruments } from '../../src/ops/instruments.ts';
import { text, yaml } from './repository.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
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

/** Metrics that Prometheus itself makes. */
const OF_PROMETHEUS = ['up', 'ALERTS'];
const PROMQL_WORDS =
  /^(sum|max|min|count|by|time|rate|increase|clamp_min|histogram_quantile|bool|or|unless|offset|vector)$/;

function exposedNames(): ReadonlySet<string> {
  const { registry } = createInstruments();
  const metrics = registry.getMetricsAsArray() as unknown as readonly { name: string; type: string }[];
  return new Set(
    metrics.flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

/** Names of metrics in an expression: what is left without labels, windows, texts, groupings and functions. */
function metricNames(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\bby \([^)]*\)/g, '')
    .replace(/\boffset \w+/g, '');
  return (bare.match(/[a-zA-Z_]\w*/g) ?? []).filter((word) => !PROMQL_WORDS.test(word));
}

describe('metricNames', () => {
  it('finds the metrics of an expression and nothing else', () => {
    const expr =
      'max by (tier) ((time() - a_b{x="y_z"}) * (c_d{} > bool 0)) / sum (rate(e[$__rate_interval] offset 5m))';
    expect(metricNames(expr)).toEqual(['a_b', 'c_d', 'e']);
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
      expect(choice).toMatchObject({ type: 'query', multi: true, allValue: '.+', datasource: { uid: SOURCE } });
    }
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

  it('asks only for metrics that the service has', () => {
    const known = new Set([...exposedNames(), ...OF_PROMETHEUS]);
    expect(expressions.flatMap(metricNames).filter((name) => !known.has(name))).toEqual([]);
    const [, ...choices] = dashboard.templating.list;
    for (const { definition } of choices) expect(definition).toContain('label_values(notifier_build_info');
  });
});

describe('overview.json', () => {
  it('is what its generator makes', () => {
    expect(text(`${FOLDER}/overview.json`)).toBe(dashboardText(overview));
  });

  it('is in the list of dashboards checked', () => {
    expect(dashboards.map(([file]) => file)).toContain('overview.json');
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
