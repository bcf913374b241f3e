import { beforeAll, expect, test } from 'vitest';
import { RESULT_CODES } from '../../src/core/codes.ts';
import { systemicCodes } from '../../src/core/outcome.ts';
import { Topology } from '../../src/core/topology.ts';
import { METRICS, type MetricSpec } from '../../src/ops/metric-table.ts';
import { measureProcess } from '../../src/ops/instruments.ts';
import { createMetrics } from '../../src/ops/metrics.ts';
import type { Fact } from '../../src/pipeline/facts.ts';
import { SETTINGS } from '../../src/settings/table.ts';
import { promtool } from '../support/promtool.ts';

const PARTITIONS = 50;
/** What PaymentNotifierCardinality alerts on. */
const MOST_SAMPLES = 2_400;
const T0 = 1_700_000_000_000;
const TIERS = (SETTINGS.RETRY_DELAYS.absent as { text: string }).text.split(',');
const TOPICS = ['pay', ...TIERS.map((tier) => `pay.retry.${tier}`)];

/** The values that a label may take where the table of metrics describes them in words only. */
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  tier: ['main', ...TIERS],
  result_code: [...RESULT_CODES, 'NONE', 'OTHER'],
  partition: Array.from({ length: PARTITIONS }, (_, at) => String(at)),
  reason: [...systemicCodes(), 'outage', 'untrusted_response'],
  topic: [...TOPICS, 'pay.dead-letter'],
  key_version: ['1', '2'],
  version: ['1.2.3'],
  revision: ['abc'],
  node_version: [process.version],
};

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

let exposition: string;
let samples: Sample[];

beforeAll(async () => {
  exposition = await scrapeOfAFullMember();
  samples = exposition
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({
      name: /^\w+/.exec(line)?.[0] ?? '',
      labels: Object.fromEntries(
        [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]),
      ),
    }));
});

/** What a member shows that owns fifty partitions of every tier, and to which everything has happened. */
async function scrapeOfAFullMember(): Promise<string> {
  const metrics = createMetrics({
    measureProcess,
    version: '1.2.3',
    revision: 'abc',
    topology: new Topology({ source: 'pay', tiers: TIERS.map((name) => ({ name })) }),
    tiers: TIERS,
    systemic: systemicCodes(),
    now: () => T0,
    exemplars: false,
  });
  const { observe, gauges } = metrics;
  const numbers = Array.from({ length: PARTITIONS }, (_, at) => at);
  const values = TOPICS.flatMap((topic) => numbers.map((partition) => ({ topic, partition, value: T0 })));
  observe({ kind: 'joined', generation: 1, partitions: Object.fromEntries(TOPICS.map((topic) => [topic, numbers])) });
  observe({ kind: 'committed', offsets: values.map(({ topic, partition }) => ({ topic, partition, offset: 7 })) });
  gauges.lag(values);
  gauges.oldestUnnotified(values);
  gauges.retryNextDue(values.filter(({ topic }) => topic !== 'pay'));
  gauges.topicRetention(Object.fromEntries([...TOPICS, 'pay.dead-letter'].map((topic) => [topic, 1_000])));
  gauges.signingKeys(['1', '2'], '2');
  for (const fact of strangeFacts()) observe(fact);
  return (await metrics.expose()).text;
}

/** Codes and details that nobody has foreseen, wherever a label is made of one. */
function strangeFacts(): Fact[] {
  const record = {
    topic: 'pay',
    partition: 3,
    offset: 7,
    timestamp: T0,
    readAt: 0,
    key: null,
    value: null,
    headers: {},
  };
  const provenance = { origin: { topic: 'pay', partition: 3, offset: 7, timestamp: T0 }, attempts: 1, hops: 0 };
  const of = { record, provenance, paymentId: 'p' };
  const request = { ...of, attempt: 1, keyVersion: '1', startedAt: T0, durationMs: 200 };
  const exchange = { kind: 'response', status: 200, body: Buffer.of(), verification: 'verified' } as const;
  const code = 'CODE_OF_NEXT_YEAR';
  return [
    ...(['delivered', 'rejected', 'systemic', 'unknown'] as const).map((kind): Fact => {
      return {
        kind: 'attempt',
        tier: 'main',
        ...request,
        outcome: { kind, code },
        exchange,
        disposition: { kind: 'complete' },
      };
    }),
    ...(['rejected', 'retries_exhausted', 'undecodable', 'invalid_event', 'too_large'] as const).map((reason): Fact => {
      const as = { verdict: 'dead_lettered', reason, detail: code } as const;
      return { kind: 'settled', tier: 'main', ...of, as, finalAt: T0, at: T0 };
    }),
    {
      kind: 'settled',
      tier: 'main',
      ...of,
      as: { verdict: 'parked', tier: '5s', notBefore: T0, reason: code },
      finalAt: T0,
      at: T0,
    },
  ];
}

test('promtool finds nothing to complain of', async () => {
  expect(await promtool(['check', 'metrics'], exposition)).toEqual({ code: 0, said: '' });
});

test(`a member of ${String(PARTITIONS)} partitions shows fewer than ${String(MOST_SAMPLES)} samples`, () => {
  expect(samples.filter(({ name }) => name === 'notifier_consumer_lag_records')).toHaveLength(
    PARTITIONS * TOPICS.length,
  );
  expect(samples.length).toBeLessThan(MOST_SAMPLES);
});

test.each(Object.values<MetricSpec>(METRICS))('$name: its labels take foreseeable values only', ({ name, labels }) => {
  const own = samples.filter((sample) => sample.name.replace(/_(bucket|sum|count)$/, '') === name);
  expect(own).not.toEqual([]);
  for (const [label, values] of Object.entries(labels)) {
    const allowed = typeof values === 'string' ? CLOSED[label] : values;
    expect(allowed, `say in this file which values ${label} may take`).toBeDefined();
    expect(own.map((sample) => sample.labels[label]).filter((value) => !allowed?.includes(value ?? ''))).toEqual([]);
  }
});

test('objective and inquiries of the network are limits of buckets', () => {
  const limits = samples
    .filter(({ name }) => name === 'notifier_final_to_notified_seconds_bucket')
    .map(({ labels }) => labels['le']);
  expect(limits).toEqual(expect.arrayContaining(['4', '30', '818']));
});
