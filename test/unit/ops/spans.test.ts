import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpanKind, SpanStatusCode, trace, type Attributes, type TraceAPI } from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  ParentBasedSampler,
  SamplingDecision,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSpans } from '../../../src/ops/spans.ts';
import type { AttemptFact } from '../../../src/pipeline/facts.ts';
import { ATTEMPT, RECORD, SECRET, T0, TRACE } from '../../support/captured-log.ts';
import { deferred, pass, useVirtualTime } from '../../support/fixtures.ts';

afterEach(() => trace.disable());

/** Registers an SDK with this processor, as its user does before the service starts. */
function register(...spanProcessors: SpanProcessor[]): void {
  const sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() });
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors }));
}

function spans(failures: unknown[] = []) {
  const target = new URL('https://gateway.example/prefix/aps/api/v1/payments/notifyPushPayment');
  return createSpans({ version: '1.2.3', target, onFailure: (error) => failures.push(error) });
}

/** The spans that an SDK has of these attempts. */
async function told(...attempts: AttemptFact[]): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter();
  register(new SimpleSpanProcessor(exporter));
  const telling = spans();
  attempts.forEach((attempt) => telling?.observe(attempt));
  await telling?.flush();
  return exporter.getFinishedSpans();
}

const { trace: _, ...UNTRACED } = RECORD;

test('an attempt is a child of the span that its record was written in, with all that the log says and nothing secret', async () => {
  const [span] = await told(ATTEMPT);
  expect(span).toMatchObject({
    name: 'POST /prefix/aps/api/v1/payments/notifyPushPayment',
    kind: SpanKind.CLIENT,
    parentSpanContext: { traceId: TRACE.traceId, spanId: TRACE.spanId, isRemote: true },
    status: { code: SpanStatusCode.ERROR },
    startTime: [T0 / 1_000, 0],
    endTime: [T0 / 1_000, 12_600_000],
    instrumentationScope: { name: 'payment-notifier', version: '1.2.3' },
  });
  expect(span?.spanContext().traceId).toBe(TRACE.traceId);
  expect(span?.attributes).toEqual({
    'http.request.method': 'POST',
    'http.request.resend_count': 1,
    'http.response.status_code': 200,
    'url.full': 'https://gateway.example/prefix/aps/api/v1/payments/notifyPushPayment',
    'server.address': 'gateway.example',
    'server.port': 443,
    'error.type': 'UNKNOWN_EXCEPTION',
    'messaging.destination.name': 'pay.retry.5s',
    'messaging.destination.partition.id': '3',
    'kafka.offset': 7,
    'notifier.payment_id': 'p-1',
    'notifier.origin': 'pay:3:99',
    'notifier.outcome': 'unknown',
    'notifier.result_code': 'UNKNOWN_EXCEPTION',
    'notifier.disposition': 'retry',
    'notifier.key_version': '4',
  });
  expect(JSON.stringify(span?.attributes)).not.toContain(SECRET);
});

test('each name that is not our own is one of the conventions', async () => {
  const known = new Set<unknown>(Object.values(conventions));
  const names = (await told(ATTEMPT)).flatMap(({ attributes }) => Object.keys(attributes));
  const own = names.filter((name) => name.startsWith('notifier.'));
  expect(own).toHaveLength(6);
  expect(names.filter((name) => !own.includes(name) && !known.has(name))).toEqual([]);
});

test('a delivery is no error, and the first request no repetition', async () => {
  const record = { ...RECORD, topic: ATTEMPT.provenance.origin.topic };
  const [span] = await told({ ...ATTEMPT, record, attempt: 1, outcome: { kind: 'delivered', code: 'SUCCESS' } });
  expect(span?.status).toEqual({ code: SpanStatusCode.UNSET });
  expect(span?.attributes).toMatchObject({ 'notifier.result_code': 'SUCCESS' });
  expect(span?.attributes).not.toHaveProperty('error.type');
  expect(span?.attributes).not.toHaveProperty('http.request.resend_count');
  expect(span?.attributes).not.toHaveProperty('notifier.disposition');
  expect(span?.attributes).not.toHaveProperty('notifier.origin');
});

test('an attempt without an answer says why', async () => {
  const [span] = await told({
    ...ATTEMPT,
    outcome: { kind: 'no_result', reason: 'timeout' },
    exchange: { kind: 'no_response', phase: 'connect', code: 'ETIMEDOUT' },
  });
  expect(span?.attributes).toMatchObject({ 'error.type': 'timeout' });
  expect(span?.attributes).not.toHaveProperty('notifier.result_code');
  expect(span?.attributes).not.toHaveProperty('http.response.status_code');
});

test('a record without a trace begins one, and a trace that is not recorded stays so', async () => {
  const [span, ...others] = await told(
    { ...ATTEMPT, record: { ...RECORD, trace: { ...TRACE, sampled: false } } },
    { ...ATTEMPT, record: UNTRACED },
  );
  expect(others).toEqual([]);
  expect(span?.parentSpanContext).toBeUndefined();
  expect(span?.spanContext().traceId).not.toBe(TRACE.traceId);
});

test('a sampler is told where requests go', async () => {
  const asked: Attributes[] = [];
  const shouldSample: Sampler['shouldSample'] = (_context, _traceId, _name, _kind, attributes) => {
    asked.push(attributes);
    return { decision: SamplingDecision.NOT_RECORD };
  };
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler: { shouldSample } }));
  const telling = spans();
  telling?.observe(ATTEMPT);
  await telling?.flush();
  expect(asked).toEqual([
    {
      'http.request.method': 'POST',
      'url.full': 'https://gateway.example/prefix/aps/api/v1/payments/notifyPushPayment',
      'server.address': 'gateway.example',
      'server.port': 443,
    },
  ]);
});

describe('spans are made many at a time', () => {
  useVirtualTime();

  test('each at most a second after its attempt, where few come', async () => {
    const exporter = new InMemorySpanExporter();
    register(new SimpleSpanProcessor(exporter));
    const telling = spans();
    telling?.observe(ATTEMPT);
    await pass(600);
    telling?.observe(ATTEMPT);
    expect(exporter.getFinishedSpans()).toHaveLength(0);
    await pass(400);
    expect(exporter.getFinishedSpans()).toHaveLength(2);
    telling?.observe(ATTEMPT);
    await pass(1_000);
    expect(exporter.getFinishedSpans()).toHaveLength(3);
  });

  test('at once, where many come', async () => {
    const exporter = new InMemorySpanExporter();
    register(new SimpleSpanProcessor(exporter));
    const telling = spans();
    for (let attempt = 0; attempt < 130; attempt += 1) telling?.observe(ATTEMPT);
    await pass(0);
    expect(exporter.getFinishedSpans()).toHaveLength(128);
  });
});

test('an SDK may come with a copy of the API of its own', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'payment-notifier-api-'));
  onTestFinished(() => {
    rmSync(copy, { recursive: true });
  });
  for (const part of ['package.json', 'build/src']) {
    cpSync(join('node_modules/@opentelemetry/api', part), join(copy, part), { recursive: true });
  }
  const api = createRequire(join(copy, 'package.json'))('.') as { readonly trace: TraceAPI };
  const exporter = new InMemorySpanExporter();
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }));
  onTestFinished(() => {
    api.trace.disable();
  });
  const told = spans();
  told?.observe(ATTEMPT);
  await told?.flush();
  expect(exporter.getFinishedSpans()).toHaveLength(1);
});

test('without an SDK nothing is made of an attempt', () => {
  expect(spans()).toBeUndefined();
});

test('of an SDK that throws nothing comes but a word of it', async () => {
  const thrown = new Error('no');
  const failures: unknown[] = [];
  register({
    onStart: () => undefined,
    onEnd: () => {
      throw thrown;
    },
    forceFlush: () => Promise.reject(thrown),
    shutdown: () => Promise.resolve(),
  });
  const told = spans(failures);
  told?.observe(ATTEMPT);
  told?.observe(ATTEMPT);
  await told?.flush();
  expect(failures).toEqual([thrown, thrown, [thrown]]);
});

test('what the SDK keeps is exported at the end, and one that cannot holds nobody up', async () => {
  const flushed = deferred<undefined>();
  let asked = 0;
  register({
    ...{ onStart: () => undefined, onEnd: () => undefined, shutdown: () => Promise.resolve() },
    forceFlush: () => {
      asked += 1;
      return flushed.promise;
    },
  });
  await spans()?.flush();
  expect(asked).toBe(1);
});
