import { expect, onTestFinished, test } from 'vitest';
import { systemicCodes } from '../../src/core/outcome.ts';
import { Topology } from '../../src/core/topology.ts';
import { startAdminServer } from '../../src/ops/admin-server.ts';
import { measureProcess } from '../../src/ops/instruments.ts';
import { createMetrics } from '../../src/ops/metrics.ts';
import { ATTEMPT, TRACE } from '../support/captured-log.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { statusOf } from '../support/status.ts';
import { until } from '../support/until.ts';

test('a real Prometheus takes series and exemplars, under the names that it has always had', async () => {
  const metrics = createMetrics({
    version: '1.2.3',
    revision: 'abc',
    topology: new Topology({ source: 'pay', tiers: [{ name: '5s' }] }),
    tiers: ['5s'],
    systemic: systemicCodes(),
    now: Date.now,
    measureProcess,
    exemplars: true,
  });
  metrics.observe(ATTEMPT);
  const admin = await startAdminServer({
    ...{ host: '127.0.0.1', port: 0, metrics: metrics.expose, status: () => Promise.resolve(statusOf()) },
    checks: { live: () => ({}), ready: () => ({}), started: () => ({}) },
  });
  onTestFinished(() => admin.close());
  const folder = temporaryFolder({});
  onTestFinished(() => removeTemporaryFolders([folder]));
  const prometheus = await startPrometheus({
    address: `127.0.0.1:${String(admin.port)}`,
    rules: 'groups: []',
    folder,
  });
  onTestFinished(prometheus.stop);
  const attempts = 'notifier_attempts_total{result_code="UNKNOWN_EXCEPTION", tier="5s"}';
  expect(await until('a scrape', () => prometheus.value(attempts))).toBe(1);
  const query = new URLSearchParams({
    query: 'notifier_attempt_duration_seconds_bucket',
    start: '0',
    end: '9999999999',
  });
  const answer = await fetch(`${prometheus.url}/api/v1/query_exemplars?${query.toString()}`);
  expect(await answer.json()).toMatchObject({ data: [{ exemplars: [{ labels: { trace_id: TRACE.traceId } }] }] });
});
