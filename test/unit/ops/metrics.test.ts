import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/outcome.ts';
import { systemicCodes } from '../../../src/core/outcome.ts';
import { Topology } from '../../../src/core/topology.ts';
import { measureProcess } from '../../../src/ops/instruments.ts';
import { createMetrics, type MetricsOptions } from '../../../src/ops/metrics.ts';
import type { AttemptFact, Fact, SettledFact } from '../../../src/pipeline/facts.ts';

const T0 = 1_700_000_000_000;
const RECORD = { topic: 'pay', partition: 3, offset: 7, timestamp: T0, readAt: 0, key: null, value: null, headers: {} };
const ORIGIN = { topic: 'pay', partition: 3, offset: 7, timestamp: T0 };
const PROVENANCE = { origin: ORIGIN, attempts: 1, hops: 0 };

function setUp(options: Partial<MetricsOptions> = {}) {
  const metrics = createMetrics({
    measureProcess,
    version: '1.2.3',
    revision: 'abc',
    topology: new Topology({ source: 'pay', tiers: [{ name: '5s' }, { name: '30s' }] }),
    tiers: ['5s', '30s'],
    systemic: systemicCodes(),
    now: () => T0,
    exemplars: false,
    ...options,
  });
  const series = async (): Promise<Map<string, number>> => parse((await metrics.expose()).text);
  return {
    ...metrics,
    series,
    observe: (...facts: Fact[]) => facts.forEach((fact) => metrics.observe(fact)),
    /** The series of our own that are not 0. */
    told: async () =>
      [...(await series())].filter(([name, value]) => value !== 0 && !/build_info|_(sum|bucket)/.test(name)),
  };
}

/** Our own series of an exposition, `name{label="value"}` with labels in their order. */
function parse(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith('notifier_'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), toNumber(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : Number(text);
}

function attempt(outcome: Outcome, more: Partial<AttemptFact> = {}): AttemptFact {
  return {
    kind: 'attempt',
    tier: 'main',
    record: RECORD,
    provenance: PROVENANCE,
    paymentId: 'p',
    attempt: 1,
    outcome,
    exchange: { kind: 'response', status: 200, body: Buffer.of(), verification: 'verified' },
    disposition: { kind: 'complete' },
    keyVersion: '1',
    startedAt: T0,
    durationMs: 200,
    ...more,
  };
}

function settled(as: SettledFact['as'], more: Partial<SettledFact> = {}): SettledFact {
  const at = T0 + 2_000;
  return {
    kind: 'settled',
    tier: 'main',
    record: RECORD,
    provenance: PROVENANCE,
    paymentId: 'p',
    as,
    finalAt: T0,
    at,
    ...more,
  };
}

const CONTRACT: Readonly<Record<string, readonly [string, ...string[]]>> = {
  notifier_build_info: ['gauge', 'version', 'revision', 'node_version'],
  notifier_records_consumed_total: ['counter', 'tier'],
  notifier_expired_records_total: ['counter', 'tier'],
  notifier_corrupt_batches_total: ['counter', 'tier'],
  notifier_attempts_total: ['counter', 'tier', 'outcome', 'result_code'],
  notifier_attempt_duration_seconds: ['histogram', 'outcome'],
  notifier_no_result_total: ['counter', 'reason'],
  notifier_notifications_total: ['counter', 'verdict'],
  notifier_final_to_notified_seconds: ['histogram'],
  notifier_slo_events_total: ['counter', 'verdict'],
  notifier_oldest_unnotified_timestamp_seconds: ['gauge', 'tier', 'partition'],
  notifier_consumer_lag_records: ['gauge', 'tier', 'partition'],
  notifier_committed_offset: ['gauge', 'tier', 'partition'],
  notifier_assigned_partitions: ['gauge', 'tier'],
  notifier_unserved_partitions: ['gauge'],
  notifier_missing_topics: ['gauge'],
  notifier_member_state: ['gauge', 'state'],
  notifier_waiting_partitions: ['gauge', 'reason'],
  notifier_rebalances_total: ['counter'],
  notifier_last_poll_timestamp_seconds: ['gauge'],
  notifier_commits_total: ['counter', 'result'],
  notifier_in_flight_requests: ['gauge'],
  notifier_retry_parked_total: ['counter', 'tier', 'result_code'],
  notifier_retry_next_due_timestamp_seconds: ['gauge', 'tier', 'partition'],
  notifier_retry_lateness_seconds: ['histogram', 'tier'],
  notifier_fenced_keys: ['gauge'],
  notifier_dead_letters_total: ['counter', 'reason', 'result_code'],
  notifier_produce_errors_total: ['counter', 'target'],
  notifier_outcomes_unwritten_total: ['counter'],
  notifier_hold: ['gauge', 'reason'],
  notifier_hold_probes_total: ['counter', 'result'],
  notifier_send_rate_limit: ['gauge'],
  notifier_response_signature_total: ['counter', 'result'],
  notifier_signing_key_info: ['gauge', 'key_version', 'active'],
  notifier_key_reloads_total: ['counter', 'result'],
  notifier_decode_errors_total: ['counter', 'kind'],
  notifier_unlisted_payment_result_codes_total: ['counter'],
  notifier_replay: ['gauge'],
  notifier_replayed_total: ['counter'],
  notifier_log_lines_dropped_total: ['counter'],
  notifier_topic_retention_seconds: ['gauge', 'topic'],
};

/** Everything that can have a series, so that every label shows. */
function fillAll({ gauges, observe }: ReturnType<typeof setUp>): void {
  const values = [{ topic: 'pay.retry.5s', partition: 0, value: 5_000 }];
  observe(
    { kind: 'joined', generation: 1, partitions: { pay: [0], 'pay.retry.5s': [0] } },
    { kind: 'committed', offsets: [{ topic: 'pay', partition: 0, offset: 9 }] },
  );
  gauges.lag(values);
  gauges.oldestUnnotified(values);
  gauges.retryNextDue(values);
  gauges.topicRetention({ pay: 1_000 });
  gauges.signingKeys(['1', '2'], '2');
}

test('names, types and labels are what users rely on, no more and no less', async () => {
  const metrics = setUp();
  fillAll(metrics);
  const { text } = await metrics.expose();
  const types = [...text.matchAll(/^# TYPE (notifier_\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]);
  const found = types.map(([name = '', type = '']) => {
    const [, labels = ''] = new RegExp(`^${name}(?:_count)?(?:{(.*)})? `, 'm').exec(text) ?? [];
    return [name, [type, ...[...labels.matchAll(/(\w+)="/g)].map(([, label]) => label)]];
  });
  expect(Object.fromEntries(found)).toEqual(CONTRACT);
});

test('the client library’s defaults are there, less the gauges named like counters', async () => {
  const { text } = await setUp().expose();
  expect(text).toContain('# TYPE process_cpu_seconds_total counter');
  expect(text).toContain('# TYPE nodejs_eventloop_lag_seconds gauge');
  expect(text).not.toMatch(/^# TYPE \w+_total gauge$/m);
});

test('every known combination stands at 0 from the start', async () => {
  const { series, told } = setUp();
  expect(await told()).toEqual([]);
  const names = [...(await series()).keys()];
  expect(names).toEqual(
    expect.arrayContaining([
      'notifier_attempts_total{tier="main",outcome="delivered",result_code="SUCCESS"}',
      'notifier_attempts_total{tier="30s",outcome="rejected",result_code="PARAM_ILLEGAL"}',
      'notifier_attempts_total{tier="30s",outcome="rejected",result_code="KEY_NOT_FOUND"}',
      'notifier_attempts_total{tier="main",outcome="systemic",result_code="KEY_NOT_FOUND"}',
      'notifier_attempts_total{tier="main",outcome="unknown",result_code="NONE"}',
      'notifier_attempt_duration_seconds_count{outcome="unknown"}',
      'notifier_no_result_total{reason="untrusted_response"}',
      'notifier_assigned_partitions{tier="5s"}',
      'notifier_retry_parked_total{tier="5s",result_code="REQUEST_TRAFFIC_EXCEED_LIMIT"}',
      'notifier_retry_lateness_seconds_bucket{le="+Inf",tier="5s"}',
      'notifier_dead_letters_total{reason="undecodable",result_code="NONE"}',
      'notifier_dead_letters_total{reason="retries_exhausted",result_code="UNKNOWN_EXCEPTION"}',
      'notifier_hold{reason="outage"}',
      'notifier_hold{reason="untrusted_response"}',
      'notifier_hold{reason="INVALID_SIGNATURE"}',
      'notifier_decode_errors_total{kind="tombstone"}',
      'notifier_final_to_notified_seconds_bucket{le="4"}',
      'notifier_final_to_notified_seconds_bucket{le="30"}',
      'notifier_slo_events_total{verdict="bad"}',
      'notifier_replay',
    ]),
  );
  const odd = names.filter((name) =>
    /outcome="delivered",result_code="(?!SUCCESS|OTHER)|parked_total{tier="main"/.test(name),
  );
  expect(odd).toEqual([]);
});

test('no series of a foreseeable life is born at more than 0', async () => {
  const metrics = setUp();
  const before = new Set((await metrics.series()).keys());
  metrics.observe(
    attempt({ kind: 'delivered', code: 'SUCCESS' }),
    attempt({ kind: 'rejected', code: 'PROCESS_FAIL' }),
    attempt({ kind: 'rejected', code: 'NEVER_SEEN' }),
    attempt({ kind: 'systemic', code: 'KEY_NOT_FOUND' }),
    attempt({ kind: 'unknown', code: 'UNKNOWN_EXCEPTION' }),
    attempt({ kind: 'no_result', reason: 'timeout' }, { exchange: { kind: 'no_response', phase: 'send', code: 'X' } }),
    settled({ verdict: 'delivered' }),
    settled({ verdict: 'parked', tier: '5s', notBefore: T0, reason: 'behind_parked_key' }),
    settled({ verdict: 'parked', tier: '5s', notBefore: T0, reason: 'NEVER_SEEN' }),
    settled({ verdict: 'dead_lettered', reason: 'rejected', detail: 'ACCESS_DENIED' }),
    settled({ verdict: 'dead_lettered', reason: 'retries_exhausted', detail: 'timeout' }),
    settled({ verdict: 'dead_lettered', reason: 'undecodable', detail: 'magic' }),
    settled({ verdict: 'dead_lettered', reason: 'invalid_event', detail: 'paymentId' }),
    settled({ verdict: 'dead_lettered', reason: 'too_large', detail: 'UNKNOWN_EXCEPTION' }),
    settled({ verdict: 'dead_lettered', reason: 'too_large', detail: 'tombstone' }),
    { kind: 'consumed', tier: '30s', count: 2 },
    { kind: 'due', tier: '5s', latenessMs: 3 },
    { kind: 'hold_began', reason: 'outage', paymentId: 'p' },
    { kind: 'joined', generation: 1, partitions: { pay: [0] } },
  );
  const born = [...(await metrics.series())].filter(([name, value]) => !before.has(name) && value !== 0);
  expect(born).toEqual([]);
});

test('an attempt is counted by what became of it', async () => {
  const { observe, told } = setUp();
  observe(
    attempt({ kind: 'delivered', code: 'SUCCESS' }),
    attempt(
      { kind: 'no_result', reason: 'untrusted_response' },
      {
        tier: '5s',
        exchange: { kind: 'response', status: 200, body: Buffer.of(), verification: 'invalid' },
      },
    ),
    attempt({ kind: 'no_result', reason: 'dns' }, { exchange: { kind: 'no_response', phase: 'resolve', code: 'X' } }),
  );
  expect(Object.fromEntries(await told())).toEqual({
    'notifier_attempts_total{tier="main",outcome="delivered",result_code="SUCCESS"}': 1,
    'notifier_attempts_total{tier="5s",outcome="unknown",result_code="NONE"}': 1,
    'notifier_attempts_total{tier="main",outcome="unknown",result_code="NONE"}': 1,
    'notifier_attempt_duration_seconds_count{outcome="delivered"}': 1,
    'notifier_attempt_duration_seconds_count{outcome="unknown"}': 2,
    'notifier_no_result_total{reason="untrusted_response"}': 1,
    'notifier_no_result_total{reason="dns"}': 1,
    'notifier_response_signature_total{result="verified"}': 1,
    'notifier_response_signature_total{result="invalid"}': 1,
  });
});

test('a settlement is counted by its verdict, and once towards the objective', async () => {
  const { observe, told } = setUp();
  observe(
    settled({ verdict: 'delivered' }),
    settled({ verdict: 'parked', tier: '30s', notBefore: T0 + 32_000, reason: 'UNKNOWN_EXCEPTION' }),
    settled(
      { verdict: 'delivered' },
      { provenance: { ...PROVENANCE, notBefore: T0 + 32_000 }, at: T0 + 33_000, tier: '30s' },
    ),
    settled({ verdict: 'dead_lettered', reason: 'rejected', detail: 'PARAM_ILLEGAL' }),
  );
  expect(Object.fromEntries(await told())).toEqual({
    'notifier_notifications_total{verdict="delivered"}': 2,
    'notifier_notifications_total{verdict="dead_lettered"}': 1,
    'notifier_retry_parked_total{tier="30s",result_code="UNKNOWN_EXCEPTION"}': 1,
    'notifier_dead_letters_total{reason="rejected",result_code="PARAM_ILLEGAL"}': 1,
    notifier_final_to_notified_seconds_count: 2,
    'notifier_slo_events_total{verdict="good"}': 1,
    'notifier_slo_events_total{verdict="bad"}': 2,
  });
});

test('a replay is counted apart, and shown while it goes on', async () => {
  const clock = { now: T0 };
  const { observe, told, series } = setUp({ replayBefore: T0 + 1, now: () => clock.now });
  observe(attempt({ kind: 'delivered', code: 'SUCCESS' }), settled({ verdict: 'delivered' }));
  expect((await series()).get('notifier_replay')).toBe(1);
  const counted = Object.fromEntries(await told());
  expect(counted).toMatchObject({ notifier_replayed_total: 1, 'notifier_notifications_total{verdict="delivered"}': 1 });
  expect(Object.keys(counted).join()).not.toMatch(/slo_events|final_to_notified/);
  clock.now += 60_000;
  expect((await series()).get('notifier_replay')).toBe(0);
});

test('what is not asked of the gateway is counted too', async () => {
  const { observe, told, series } = setUp();
  const error = new Error('x');
  observe(
    { kind: 'consumed', tier: 'main', count: 5 },
    { kind: 'due', tier: '5s', latenessMs: -3 },
    { kind: 'undecodable', record: RECORD, error: 'magic', detail: '' },
    { kind: 'unlisted_payment_code', record: RECORD, paymentId: 'p', code: 'X' },
    { kind: 'waiting', for: 'registry', record: RECORD, error },
    { kind: 'waiting', for: 'dead_letter', record: RECORD, error },
    { kind: 'hold_probed', reason: 'outage', ended: false, nextProbeInMs: 1 },
    { kind: 'unserved', partitions: [4, 5] },
    { kind: 'topics_missing', topics: [{ topic: 'pay.retry.5s', role: 'retry' }] },
    { kind: 'expired', topic: 'pay', partition: 0, committed: 1, earliest: 5 },
    { kind: 'corrupt', topic: 'pay.retry.5s', partition: 0, offset: 1, detail: '' },
    { kind: 'commit_failed', error },
    { kind: 'key_reloaded', result: 'fallback', detail: '' },
  );
  expect(Object.fromEntries(await told())).toEqual({
    'notifier_records_consumed_total{tier="main"}': 5,
    'notifier_expired_records_total{tier="main"}': 4,
    'notifier_corrupt_batches_total{tier="5s"}': 1,
    'notifier_retry_lateness_seconds_count{tier="5s"}': 1,
    'notifier_decode_errors_total{kind="magic"}': 1,
    notifier_unlisted_payment_result_codes_total: 1,
    'notifier_produce_errors_total{target="dead_letter"}': 1,
    'notifier_hold_probes_total{result="still_held"}': 1,
    notifier_unserved_partitions: 2,
    notifier_missing_topics: 1,
    'notifier_commits_total{result="failed"}': 1,
    'notifier_key_reloads_total{result="fallback"}': 1,
  });
  expect((await series()).get('notifier_retry_lateness_seconds_sum{tier="5s"}')).toBe(0);
});

test('one hold stands at a time, whatever its reason becomes', async () => {
  const { observe, told } = setUp({ systemic: systemicCodes(['NEW_CODE']) });
  observe({ kind: 'hold_began', reason: 'KEY_NOT_FOUND', paymentId: 'p' });
  expect(await told()).toEqual([['notifier_hold{reason="KEY_NOT_FOUND"}', 1]]);
  observe({ kind: 'hold_began', reason: 'NEW_CODE', paymentId: '' });
  expect(await told()).toEqual([['notifier_hold{reason="NEW_CODE"}', 1]]);
  observe({ kind: 'hold_ended', reason: 'NEW_CODE', heldMs: 1 });
  expect(await told()).toEqual([]);
});

test('partitions are shown by their owner alone and leave nothing behind', async () => {
  const { observe, gauges, series } = setUp();
  const of = async (name: string) =>
    Object.fromEntries(
      [...(await series())].filter(([series]) => series.startsWith(name) && series.includes('partition="')),
    );
  const lag = [0, 1, 2].map((partition) => ({ topic: 'pay', partition, value: 10 + partition }));
  gauges.lag(lag);
  expect(await of('notifier_')).toEqual({});

  observe({ kind: 'joined', generation: 1, partitions: { pay: [0, 1], 'pay.retry.7s': [0] } });
  expect(await of('notifier_'), 'from the assignment on').toEqual({
    'notifier_consumer_lag_records{tier="main",partition="0"}': 0,
    'notifier_consumer_lag_records{tier="main",partition="1"}': 0,
    'notifier_consumer_lag_records{tier="7s",partition="0"}': 0,
    'notifier_oldest_unnotified_timestamp_seconds{tier="main",partition="0"}': 0,
    'notifier_oldest_unnotified_timestamp_seconds{tier="main",partition="1"}': 0,
    'notifier_oldest_unnotified_timestamp_seconds{tier="7s",partition="0"}': 0,
    'notifier_retry_next_due_timestamp_seconds{tier="7s",partition="0"}': 0,
  });
  gauges.lag(lag);
  gauges.oldestUnnotified([{ topic: 'pay', partition: 1, value: T0 }]);
  gauges.retryNextDue([{ topic: 'pay.retry.7s', partition: 0, value: T0 + 500 }]);
  observe({
    kind: 'committed',
    offsets: lag.map(({ topic, partition, value }) => ({ topic, partition, offset: value })),
  });
  expect(await of('notifier_')).toEqual({
    'notifier_consumer_lag_records{tier="main",partition="0"}': 10,
    'notifier_consumer_lag_records{tier="main",partition="1"}': 11,
    'notifier_oldest_unnotified_timestamp_seconds{tier="main",partition="1"}': T0 / 1_000,
    'notifier_committed_offset{tier="main",partition="0"}': 10,
    'notifier_committed_offset{tier="main",partition="1"}': 11,
    'notifier_retry_next_due_timestamp_seconds{tier="7s",partition="0"}': T0 / 1_000 + 0.5,
  });
  expect((await series()).get('notifier_assigned_partitions{tier="main"}')).toBe(2);
  expect((await series()).get('notifier_assigned_partitions{tier="7s"}')).toBe(1);

  observe({ kind: 'joined', generation: 2, partitions: { pay: [1, 2] } });
  expect(await of('notifier_')).toEqual({
    'notifier_consumer_lag_records{tier="main",partition="1"}': 11,
    'notifier_consumer_lag_records{tier="main",partition="2"}': 0,
    'notifier_oldest_unnotified_timestamp_seconds{tier="main",partition="1"}': T0 / 1_000,
    'notifier_oldest_unnotified_timestamp_seconds{tier="main",partition="2"}': 0,
    'notifier_committed_offset{tier="main",partition="1"}': 11,
  });
  expect((await series()).get('notifier_assigned_partitions{tier="7s"}')).toBe(0);
  gauges.lag([]);
  expect(await of('notifier_consumer_lag')).toEqual({});
  gauges.committed(lag);
  expect(await of('notifier_committed')).toEqual({
    'notifier_committed_offset{tier="main",partition="1"}': 11,
    'notifier_committed_offset{tier="main",partition="2"}': 12,
  });

  observe({ kind: 'left', clean: true, drainedMs: 1 });
  expect(await of('notifier_')).toEqual({});
  expect((await series()).get('notifier_assigned_partitions{tier="main"}')).toBe(0);
  expect((await series()).get('notifier_rebalances_total')).toBe(2);
});

test('samples are shown in base units, and replace the ones before', async () => {
  const { gauges, told } = setUp();
  gauges.signingKeys(['1'], '1');
  gauges.signingKeys(['2', '3'], '3');
  gauges.topicRetention({ pay: 5_500, gone: 1 });
  gauges.topicRetention({ pay: 5_500, 'pay.dead-letter': -1 });
  gauges.lastPoll(T0);
  gauges.inFlight(4);
  gauges.sendRateLimit(12.5);
  gauges.fencedKeys(6);
  expect(Object.fromEntries(await told())).toEqual({
    'notifier_signing_key_info{key_version="2",active="false"}': 1,
    'notifier_signing_key_info{key_version="3",active="true"}': 1,
    'notifier_topic_retention_seconds{topic="pay"}': 5.5,
    'notifier_topic_retention_seconds{topic="pay.dead-letter"}': Infinity,
    notifier_last_poll_timestamp_seconds: T0 / 1_000,
    notifier_in_flight_requests: 4,
    notifier_send_rate_limit: 12.5,
    notifier_fenced_keys: 6,
  });
});

test('two of them do not disturb each other, and the build is named', async () => {
  const [one, other] = [setUp(), setUp({ version: '9' })];
  one.observe({ kind: 'consumed', tier: 'main', count: 1 });
  expect(await other.told()).toEqual([]);
  const build = `notifier_build_info{version="9",revision="abc",node_version="${process.version}"}`;
  expect((await other.series()).get(build)).toBe(1);
});

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0';
const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true };
const EXEMPLAR = new RegExp(` # {trace_id="${TRACE.traceId}"} 0.2 \\d+(\\.\\d+)?$`, 'm');

describe('exemplars', () => {
  const traced = (sampled: boolean): AttemptFact => {
    return attempt({ kind: 'delivered', code: 'SUCCESS' }, { record: { ...RECORD, trace: { ...TRACE, sampled } } });
  };

  test('stand at the bucket of an attempt whose trace is recorded, for whoever takes OpenMetrics', async () => {
    const { observe, expose } = setUp({ exemplars: true });
    observe(traced(false));
    expect((await expose(OPEN_METRICS)).text).not.toContain('trace_id');
    observe(traced(true));
    const { contentType, text } = await expose(`${OPEN_METRICS}, text/plain;q=0.3`);
    expect(contentType).toMatch(/^application\/openmetrics-text; version=1.0.0/);
    const [line, ...others] = text.split('\n').filter((shown) => shown.includes('trace_id'));
    expect(line).toMatch(/^notifier_attempt_duration_seconds_bucket{le="0.25",outcome="delivered"} 2 # /);
    expect(line).toMatch(EXEMPLAR);
    expect(others).toEqual([]);
  });

  test('change no name and no value, and nothing for whoever takes text only', async () => {
    const told = async (exemplars: boolean, ...accepted: string[]) => {
      const metrics = setUp({ exemplars });
      fillAll(metrics);
      metrics.observe(traced(true));
      let text = '';
      for (const accept of accepted) ({ text } = await metrics.expose(accept));
      return text;
    };
    const plain = parse(await told(false, OPEN_METRICS));
    expect(plain.get('notifier_attempts_total{tier="main",outcome="delivered",result_code="SUCCESS"}')).toBe(1);
    // Its own renaming of counters must not stay.
    expect(parse(await told(true, OPEN_METRICS, 'text/plain'))).toEqual(plain);
    expect(parse((await told(true, OPEN_METRICS)).replaceAll(/ # {.*$/gm, ''))).toEqual(plain);
  });

  test('are not there unless asked for', async () => {
    const { observe, expose } = setUp();
    observe(traced(true));
    const { contentType, text } = await expose(OPEN_METRICS);
    expect(contentType).toMatch(/^text\/plain; version=0.0.4/);
    expect(text).not.toContain('trace_id');
  });
});
