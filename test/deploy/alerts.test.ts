import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { durationMs } from '../../src/core/duration.ts';
import { temporaryFolder } from '../support/keys.ts';
import { exposedNames, metricNames } from '../support/promql.ts';
import { promtool } from '../support/promtool.ts';
import { ALERT_CASES, HEALTH, TO_THE_END, type AlertCase } from './alert-cases.ts';
import { yaml } from './repository.ts';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}

const FILE = 'deploy/observability/rules/payment-notifier.yaml';
const RULES = fileURLToPath(new URL(`../../${FILE}`, import.meta.url));
const rules = (yaml(FILE) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const PREFIX = 'PaymentNotifier';

/** The whole set of alerts that fire is compared, so each case also says what stays silent. */
function promtoolTest({ name, series, at, interval = '30s', fires }: AlertCase): object {
  const samples = String(Math.ceil(durationMs(at)! / durationMs(interval)!));
  const all = Object.entries<string | null>({ ...HEALTH, ...series });
  return {
    name,
    interval,
    input_series: all.flatMap(([series, values]) =>
      values === null ? [] : [{ series, values: values.replaceAll(TO_THE_END, `x${samples}`) }],
    ),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: fires.map((alert) => ({ labels: `{alertname="${PREFIX}${alert}"}`, value: 1 })),
      },
    ],
  };
}

test('the rules are what promtool takes, without a warning', async () => {
  const { said } = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES]);
  expect(said).toContain('SUCCESS');
});

test.each(['30s', '5m'])(
  'in each situation exactly the alerts that belong to it fire, looked at every %s',
  { timeout: 120_000 },
  async (interval) => {
    const file = join(temporaryFolder({}), 'alerts.yaml');
    const tests = ALERT_CASES.filter((one) => (one.interval ?? '30s') === interval).map(promtoolTest);
    writeFileSync(file, stringify({ rule_files: [RULES], evaluation_interval: interval, tests }));
    expect((await promtool(['test', 'rules', file])).said).toContain('SUCCESS');
  },
);

test.each(rules)('$record$alert reads only metrics that there are', ({ expr }) => {
  const known = exposedNames();
  const read = metricNames(expr);
  expect(read).not.toEqual([]);
  expect(read.filter((name) => !known.has(name))).toEqual([]);
});

test('every alert fires in one of the situations', () => {
  const tested = new Set(ALERT_CASES.flatMap(({ fires }) => fires.map((name) => `${PREFIX}${name}`)));
  expect(alerts.map(({ alert }) => alert).filter((alert) => !tested.has(alert ?? ''))).toEqual([]);
});

test.each(alerts.map((alert) => [alert.alert, alert] as const))(
  '%s says what it means, and where to go on',
  (name, alert) => {
    expect(['page', 'ticket']).toContain(alert.labels?.severity);
    expect(alert.annotations?.summary).toMatch(/^\S.{10,100}$/);
    expect(alert.annotations?.description).toMatch(/\{\{|Prometheus/);
    expect(alert.annotations?.runbook_url).toMatch(new RegExp(`/deploy/runbooks/${String(name)}\\.md$`));
  },
);

test('runbooks are all in one place, so that a fork replaces one address', () => {
  const places = alerts.map(({ annotations }) => annotations?.runbook_url.replace(/[^/]+$/, ''));
  expect(new Set(places).size).toBe(1);
});
