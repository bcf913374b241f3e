import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROMETHEUS_RULE, prometheusRule, RULES } from '../../support/prometheus-rule.ts';
import { text, yaml } from '../repository.ts';
import { all, built, the, type Manifest } from './manifests.ts';

let manifests: readonly Manifest[];

beforeAll(async () => {
  manifests = await built('overlays/prod');
});

describe('the production overlay', () => {
  it('brings the rules that Prometheus is tested with', () => {
    expect(text(PROMETHEUS_RULE), 'run: npm run docs').toBe(prometheusRule(text(RULES)));
    expect(the(manifests, 'PrometheusRule').spec).toEqual(yaml(RULES));
  });

  it('brings every dashboard, for Grafana to find', () => {
    const there = readdirSync(new URL('../../../deploy/observability/dashboards', import.meta.url))
      .filter((name) => name.endsWith('.json'))
      .sort();
    const { metadata, data = {} } = the(manifests, 'ConfigMap', /dashboards$/);
    expect(Object.keys(data).sort()).toEqual(there);
    for (const name of there) expect(data[name]).toBe(text(`deploy/observability/dashboards/${name}`));
    expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  });

  it('has its members scraped under the job that rules and dashboards go by', () => {
    const { scrape_configs: jobs } = yaml('deploy/observability/prometheus.yml') as {
      scrape_configs: { job_name: string }[];
    };
    const { spec } = the(manifests, 'PodMonitor');
    const pods = the(manifests, 'Deployment').spec?.template;
    const labels = pods?.metadata?.labels ?? {};
    expect(jobs.map(({ job_name: name }) => name)).toContain(labels[spec.jobLabel ?? '']);
    expect(labels).toMatchObject(spec.selector.matchLabels ?? {});
    const ports = pods?.spec?.containers[0]?.ports?.map(({ name }) => name);
    expect(ports).toContain(spec.podMetricsEndpoints?.[0]?.port);
  });

  it('puts nothing into another namespace than its own', () => {
    const namespaces = manifests.filter(({ kind }) => kind !== 'Namespace').map(({ metadata }) => metadata.namespace);
    expect(new Set(namespaces)).toEqual(new Set([all(manifests, 'Namespace')[0]?.metadata.name]));
  });
});
