import { describe, expect, test, vi } from 'vitest';
import { notificationBody } from '../../../src/core/notification.ts';
import {
  answer,
  deferred,
  noResponse,
  pass,
  paymentFinal,
  soon,
  SOURCE,
  sourceRecord,
  useVirtualTime,
} from '../../support/fixtures.ts';
import { ScriptedPipeline, WRITTEN } from '../../support/pipeline.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
useVirtualTime(NOW);

const BODY = notificationBody(paymentFinal(), '+08:30').toString();
const unknown = answer('U', 'UNKNOWN_EXCEPTION');
const parked = (headers: Record<string, string>) =>
  sourceRecord({ topic: `${SOURCE}.retry.5s`, offset: 20, headers: { 'notifier-attempts': '1', ...headers } });

describe('the order of things', () => {
  test('delivered: decode, send, settle; nothing is written', async () => {
    const pipeline = new ScriptedPipeline();
    await pipeline.process();
    expect(pipeline.story).toEqual(['decode', 'send', 'attempt', 'delivered']);
    expect(pipeline.bodies).toEqual([BODY]);
  });

  test('unknown: decode, send, park', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown });
    await pipeline.process();
    expect(pipeline.story).toEqual(['decode', 'send', 'attempt', 'publish retry', 'parked']);
  });

  test('no result is parked as well, under its reason', async () => {
    const pipeline = new ScriptedPipeline({ send: () => noResponse('ETIMEDOUT') });
    await pipeline.process();
    expect(pipeline.headers).toMatchObject({ 'notifier-reason': 'timeout' });
  });

  test('rejected: decode, send, dead letter', async () => {
    const pipeline = new ScriptedPipeline({ send: () => answer('F', 'PARAM_ILLEGAL') });
    await pipeline.process();
    expect(pipeline.story).toEqual(['decode', 'send', 'attempt', 'publish dead_letter', 'dead_lettered']);
  });

  test('nothing is settled before the request has come back', async () => {
    const exchange = deferred<ReturnType<typeof answer>>();
    const pipeline = new ScriptedPipeline({ send: () => exchange.promise });
    const work = pipeline.begin();
    await pass(60_000);
    expect([work.state, pipeline.story]).toEqual(['going on', ['decode', 'send']]);
    exchange.resolve(answer('S', 'SUCCESS'));
    await soon();
    expect(work.state).toBe('settled');
  });

  test.each([
    ['retry', unknown],
    ['dead_letter', answer('F', 'PARAM_ILLEGAL')],
  ])('nothing is settled before the %s record is acknowledged', async (target, exchange) => {
    const acknowledged = deferred<typeof WRITTEN>();
    const pipeline = new ScriptedPipeline({ send: () => exchange, publish: () => acknowledged.promise });
    const work = pipeline.begin();
    await pass(60_000);
    expect([work.state, pipeline.story.at(-1)]).toEqual(['going on', `publish ${target}`]);
    acknowledged.resolve(WRITTEN);
    await soon();
    expect(work.state).toBe('settled');
  });
});

test.each([
  ['live', sourceRecord()],
  ['retry', parked({})],
])('a %s record waits to be sent as what it is', async (from, record) => {
  const pipeline = new ScriptedPipeline();
  const asked: string[] = [];
  const { enter } = pipeline.ports;
  Object.assign(pipeline.ports, {
    enter: (...[closing, origin]: Parameters<typeof enter>) => {
      asked.push(origin);
      return enter(closing, origin);
    },
  });
  await pipeline.process(record);
  expect(asked).toEqual([from]);
});

describe('a record that was parked', () => {
  test('is sent at once where nothing says until when', async () => {
    const pipeline = new ScriptedPipeline();
    await pipeline.process(parked({}));
    expect(pipeline.story).toEqual(['decode', 'send', 'attempt', 'delivered']);
  });

  test('is not even decoded before its time, and tells how late it was', async () => {
    const pipeline = new ScriptedPipeline();
    const work = pipeline.begin(parked({ 'notifier-not-before': String(NOW + 5_000) }));
    await pass(4_999);
    expect(pipeline.story).toEqual([]);
    await pass(1);
    expect(work.state).toBe('settled');
    expect(pipeline.facts[0]).toEqual({ kind: 'due', tier: '5s', latenessMs: 0 });
  });

  test("waits no longer than its tier's delay, from its reading on, though the clock is put back", async () => {
    const pipeline = new ScriptedPipeline();
    const work = pipeline.begin({ ...parked({ 'notifier-not-before': String(NOW + 5_000) }), timestamp: NOW });
    vi.setSystemTime(NOW - 3_600_000);
    await pass(4_999);
    expect(pipeline.story).toEqual([]);
    await pass(1);
    expect(work.state).toBe('settled');
    expect(pipeline.facts[0]).toEqual({ kind: 'due', tier: '5s', latenessMs: 0 });
  });

  test.each([
    ["the broker's, which is ahead", NOW + 3_600_000, NOW + 3_600_000],
    ["the broker's, while its writer's clock is an hour ahead", NOW, NOW + 3_605_000],
    ["its writer's, whose clock is an hour ahead", NOW + 3_600_000, NOW + 3_605_000],
  ])("whose parking time is %s, waits its tier's delay and no longer", async (_, timestamp, notBefore) => {
    const pipeline = new ScriptedPipeline();
    const work = pipeline.begin({ ...parked({ 'notifier-not-before': String(notBefore) }), timestamp });
    await pass(4_999);
    expect(pipeline.story).toEqual([]);
    await pass(1);
    expect(work.state).toBe('settled');
  });

  test('whose time has passed is sent at once', async () => {
    const pipeline = new ScriptedPipeline();
    await pipeline.process(parked({ 'notifier-not-before': String(NOW - 700) }));
    expect(pipeline.facts[0]).toEqual({ kind: 'due', tier: '5s', latenessMs: 700 });
  });

  test('is sent with the body bytes of its first attempt, whatever would be written today', async () => {
    const pipeline = new ScriptedPipeline({ settings: { timeOffset: '+00:00' } });
    await pipeline.process(parked({ 'notifier-body': '{"as":"it was"}' }));
    expect(pipeline.bodies).toEqual(['{"as":"it was"}']);
  });

  test('carries the bytes on when it is parked again', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown });
    await pipeline.process(parked({ 'notifier-body': '{"as":"it was"}' }));
    expect(pipeline.headers['notifier-body']).toBe('{"as":"it was"}');
  });

  test('and never sent before gets a body made now', async () => {
    const pipeline = new ScriptedPipeline();
    await pipeline.process(parked({ 'notifier-attempts': '0' }));
    expect(pipeline.bodies).toEqual([BODY]);
  });

  test.each([
    [
      'source record',
      sourceRecord({ headers: { 'notifier-body': '{"forged":1}', 'notifier-not-before': '9999999999999' } }),
    ],
  ])('a %s cannot say that it was', async (_, record) => {
    const pipeline = new ScriptedPipeline();
    await pipeline.process(record);
    expect(pipeline.bodies).toEqual([BODY]);
  });
});

describe('the history a record carries on', () => {
  test('begins with the first attempt', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown });
    await pipeline.process(sourceRecord({ headers: { trace: 'kept' } }));
    expect(pipeline.written[0]).toMatchObject({
      topic: `${SOURCE}.retry.5s`,
      partition: 3,
      key: Buffer.from('pay-1'),
      value: Buffer.from('an event'),
    });
    expect(pipeline.headers).toEqual({
      trace: 'kept',
      'notifier-origin-topic': SOURCE,
      'notifier-origin-partition': '3',
      'notifier-origin-offset': '7',
      'notifier-origin-timestamp': '1700000000000',
      'notifier-attempts': '1',
      'notifier-hops': '1',
      'notifier-first-attempt-at': String(NOW),
      'notifier-last-attempt-at': String(NOW),
      'notifier-not-before': String(NOW + 5_000),
      'notifier-reason': 'UNKNOWN_EXCEPTION',
      'notifier-body': BODY,
    });
  });

  test.each([null, Buffer.alloc(0)])('names the payment where the record has no key (%j)', async (key) => {
    const pipeline = new ScriptedPipeline({ send: () => unknown });
    await pipeline.process(sourceRecord({ key }));
    expect(pipeline.headers).toMatchObject({
      'notifier-payment-id': 'pay-1',
      'notifier-origin-offset': '7',
      'notifier-attempts': '1',
    });
    await pipeline.process(sourceRecord({ key, offset: 8 }));
    expect(pipeline.facts.at(-1)).toMatchObject({ as: { verdict: 'parked', reason: 'behind_parked_key' } });
  });

  test('grows by an attempt and a hop, and keeps when the first one was', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown });
    const headers = {
      'notifier-attempts': '4',
      'notifier-hops': '1',
      'notifier-first-attempt-at': String(NOW - 9_000),
    };
    await pipeline.process(parked(headers));
    expect(pipeline.written[0]?.topic).toBe(`${SOURCE}.retry.30s`);
    expect(pipeline.headers).toMatchObject({
      'notifier-attempts': '5',
      'notifier-hops': '2',
      'notifier-first-attempt-at': String(NOW - 9_000),
      'notifier-last-attempt-at': String(NOW),
      'notifier-not-before': String(NOW + 30_000),
    });
    expect(pipeline.facts.find(({ kind }) => kind === 'attempt')).toMatchObject({
      attempt: 5,
      tier: '5s',
      keyVersion: '7',
    });
  });

  test('ends as retries_exhausted only after one more attempt, and then waits for no time', async () => {
    const headers = { 'notifier-first-attempt-at': String(NOW - 86_400_000), 'notifier-not-before': String(NOW - 1) };
    const late = new ScriptedPipeline();
    await late.process(parked(headers));
    expect(late.story.at(-1)).toBe('delivered');
    const exhausted = new ScriptedPipeline({ send: () => unknown });
    await exhausted.process(parked(headers));
    expect(exhausted.headers).toMatchObject({
      'notifier-dead-letter-reason': 'retries_exhausted',
      'notifier-reason': 'UNKNOWN_EXCEPTION',
      'notifier-attempts': '2',
    });
    expect(exhausted.headers).not.toHaveProperty('notifier-not-before');
  });
});
