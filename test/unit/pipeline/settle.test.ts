import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { OutgoingRecord } from '../../../src/core/record.ts';
import { Topology } from '../../../src/core/topology.ts';
import {
  answer,
  noResponse,
  pass,
  paymentFinal,
  RETRY,
  SOURCE,
  sourceRecord,
  useVirtualTime,
} from '../../support/fixtures.ts';
import { ScriptedPipeline, WRITTEN, type Script } from '../../support/pipeline.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
useVirtualTime(NOW);

const unknown = answer('U', 'UNKNOWN_EXCEPTION');
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const tooLarge = (fits: (record: OutgoingRecord) => boolean): NonNullable<Script['publish']> => {
  return (_, record) => Promise.resolve(fits(record) ? WRITTEN : 'too_large');
};

describe('a record too large for', () => {
  test('a retry topic becomes a dead letter without value, with its coordinates and its hash', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown, publish: tooLarge(({ value }) => value === null) });
    const record = sourceRecord({ headers: { trace: 'as large as can be' } });
    await pipeline.process(record);
    expect(pipeline.written).toHaveLength(1);
    expect(pipeline.written[0]).toMatchObject({
      target: 'dead_letter',
      topic: `${SOURCE}.dead-letter`,
      partition: 3,
      key: record.key,
      value: null,
    });
    expect(pipeline.headers).toMatchObject({
      'notifier-dead-letter-reason': 'too_large',
      'notifier-value-sha256': sha256('an event'),
      'notifier-origin-topic': SOURCE,
      'notifier-origin-partition': '3',
      'notifier-origin-offset': '7',
      'notifier-reason': 'UNKNOWN_EXCEPTION',
    });
    for (const name of ['trace', 'notifier-body', 'notifier-not-before'])
      expect(pipeline.headers).not.toHaveProperty(name);
    expect(pipeline.story).toEqual([
      'decode',
      'send',
      'attempt',
      'publish retry',
      'publish dead_letter',
      'dead_lettered',
    ]);
    expect(pipeline.facts.at(-1)).toMatchObject({ as: { reason: 'too_large', detail: 'UNKNOWN_EXCEPTION' } });
  });

  test('the dead letters is written there without value', async () => {
    const rejected = answer('F', 'PARAM_ILLEGAL');
    const pipeline = new ScriptedPipeline({ send: () => rejected, publish: tooLarge(({ value }) => value === null) });
    await pipeline.process();
    expect(pipeline.headers).toMatchObject({
      'notifier-dead-letter-reason': 'too_large',
      'notifier-reason': 'PARAM_ILLEGAL',
    });
    expect(pipeline.facts.at(-1)).toMatchObject({ as: { verdict: 'dead_lettered', reason: 'too_large' } });
  });

  test('anything leaves its key behind too, where that is what is large', async () => {
    const small = ({ key, value }: OutgoingRecord): boolean => value === null && (key?.length ?? 0) < 20_000;
    const pipeline = new ScriptedPipeline({ send: () => unknown, publish: tooLarge(small) });
    await pipeline.process(sourceRecord({ key: Buffer.alloc(1_000_000) }));
    expect(pipeline.written[0]).toMatchObject({ key: null, value: null, partition: 3 });
  });

  test.each([
    ['no key stays without one', null],
    ['a key that fits keeps it', Buffer.alloc(16_384)],
  ])('any topic and with %s', async (_, key) => {
    const pipeline = new ScriptedPipeline({ send: () => unknown, publish: tooLarge(({ value }) => value === null) });
    await pipeline.process(sourceRecord({ key }));
    expect(pipeline.written).toMatchObject([{ target: 'dead_letter', key, value: null }]);
  });

  test('a topic that refuses it once is asked once only', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown, publish: () => Promise.resolve('too_large') });
    const work = pipeline.begin();
    await pass(60_000);
    expect(work.state).toBe('settled');
    expect(pipeline.story.filter((step) => step === 'publish retry')).toHaveLength(1);
  });
});

describe('the outcomes topic', () => {
  const OUTCOMES = 'payment-outcomes';
  const settings = { topology: new Topology({ source: SOURCE, tiers: RETRY.tiers, outcomes: OUTCOMES }) };
  const outcomes = ({ written }: ScriptedPipeline) => written.filter(({ target }) => target === 'outcome');
  const outcomeOf = (pipeline: ScriptedPipeline): unknown => JSON.parse(String(outcomes(pipeline)[0]?.value));

  test('gets a record of a delivery, keyed by the payment, before the delivery is settled', async () => {
    const exchange = answer('S', 'SUCCESS');
    const pipeline = new ScriptedPipeline({ send: () => exchange, settings });
    await pipeline.process();
    expect(pipeline.story).toEqual(['decode', 'send', 'attempt', 'publish outcome', 'delivered']);
    expect(outcomes(pipeline)[0]).toMatchObject({ topic: OUTCOMES, key: Buffer.from('pay-1'), headers: {} });
    expect(outcomeOf(pipeline)).toEqual({
      paymentId: 'pay-1',
      verdict: 'delivered',
      resultCode: 'SUCCESS',
      attempts: 1,
      keyVersion: '7',
      firstAttemptAt: '2026-11-22T10:00:00.000Z',
      settledAt: '2026-11-22T10:00:00.000Z',
      origin: { topic: SOURCE, partition: 3, offset: 7 },
      requestSha256: sha256(pipeline.bodies[0] ?? ''),
      responseSha256: sha256(exchange.body),
    });
  });

  test('gets a record of a dead letter, after the letter', async () => {
    const pipeline = new ScriptedPipeline({ send: () => answer('F', 'PARAM_ILLEGAL'), settings });
    await pipeline.process();
    expect(pipeline.story.slice(3)).toEqual(['publish dead_letter', 'publish outcome', 'dead_lettered']);
    expect(outcomeOf(pipeline)).toMatchObject({ verdict: 'dead_lettered', resultCode: 'PARAM_ILLEGAL', attempts: 1 });
  });

  test('names the origin where there is no payment, and nothing that was not', async () => {
    const pipeline = new ScriptedPipeline({
      decode: () => ({ kind: 'undecodable', error: 'magic', detail: 'not Avro' }),
      settings,
    });
    await pipeline.process();
    expect(outcomes(pipeline)[0]?.key).toEqual(Buffer.from(`${SOURCE}:3:7`));
    expect(outcomeOf(pipeline)).toEqual({
      paymentId: null,
      verdict: 'dead_lettered',
      resultCode: null,
      attempts: 0,
      keyVersion: null,
      firstAttemptAt: null,
      settledAt: '2026-11-22T10:00:00.000Z',
      origin: { topic: SOURCE, partition: 3, offset: 7 },
      requestSha256: null,
      responseSha256: null,
    });
  });

  test('names the origin of a record that was parked, not where it waited', async () => {
    const pipeline = new ScriptedPipeline({ settings });
    const headers = {
      'notifier-origin-topic': SOURCE,
      'notifier-origin-partition': '3',
      'notifier-origin-offset': '5',
      'notifier-attempts': '2',
      'notifier-first-attempt-at': String(NOW - 60_000),
    };
    await pipeline.process(sourceRecord({ topic: `${SOURCE}.retry.30s`, offset: 99, headers }));
    expect(outcomeOf(pipeline)).toMatchObject({
      origin: { topic: SOURCE, partition: 3, offset: 5 },
      attempts: 3,
      firstAttemptAt: '2026-11-22T09:59:00.000Z',
    });
  });

  test('gets nothing of a record that is tried again', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown, settings });
    await pipeline.process();
    expect(outcomes(pipeline)).toEqual([]);
  });

  test('knows no response where none came', async () => {
    const pipeline = new ScriptedPipeline({ send: () => noResponse('ETIMEDOUT'), settings });
    const headers = { 'notifier-attempts': '9', 'notifier-first-attempt-at': String(NOW - 90_000_000) };
    await pipeline.process(sourceRecord({ topic: `${SOURCE}.retry.30s`, headers }));
    expect(outcomeOf(pipeline)).toMatchObject({ verdict: 'dead_lettered', resultCode: null, responseSha256: null });
  });

  test('is waited for like any other: no verdict is committed without its record', async () => {
    let tries = 0;
    const pipeline = new ScriptedPipeline({
      settings,
      publish: () => ((tries += 1) < 3 ? Promise.reject(new Error('brokers are down')) : Promise.resolve(WRITTEN)),
    });
    const work = pipeline.begin();
    await pass(50);
    expect(work.state).toBe('going on');
    await pass(10_000);
    expect([work.state, pipeline.bodies.length, outcomes(pipeline).length]).toEqual(['settled', 1, 1]);
  });
});

describe('a settlement tells', () => {
  test('when the payment became final, or where it names no time when its record was written', async () => {
    const pipeline = new ScriptedPipeline();
    await pipeline.process();
    expect(pipeline.facts.at(-1)).toMatchObject({ finalAt: paymentFinal().paymentTime, at: NOW, tier: 'main' });
    const poison = new ScriptedPipeline({ decode: () => ({ kind: 'undecodable', error: 'bytes', detail: 'torn' }) });
    await poison.process();
    expect(poison.facts.at(-1)).toMatchObject({ finalAt: 1_700_000_000_000, paymentId: undefined });
  });

  test('why a record is a dead letter', async () => {
    const pipeline = new ScriptedPipeline({ send: () => answer('F', 'PARAM_ILLEGAL') });
    await pipeline.process();
    expect(pipeline.facts.at(-1)).toMatchObject({
      as: { verdict: 'dead_lettered', reason: 'rejected', detail: 'PARAM_ILLEGAL' },
    });
  });

  test('where a record waits and until when', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown });
    await pipeline.process();
    expect(pipeline.facts.at(-1)).toMatchObject({
      as: { verdict: 'parked', tier: '5s', notBefore: NOW + 5_000, reason: 'UNKNOWN_EXCEPTION' },
    });
  });
});

test('a record that waits for the brokers keeps no place at the gate', async () => {
  const pipeline = new ScriptedPipeline({
    send: () => unknown,
    publish: () => Promise.reject(new Error('brokers are down')),
  });
  const work = pipeline.begin();
  await pass(10_000);
  expect([work.state, pipeline.gate.inFlight]).toEqual(['going on', 0]);
  pipeline.ownership.end();
});

describe('a record of which nothing but its place can be read', () => {
  const nothing = { key: null, value: null, headers: {} };
  const place = { 'notifier-origin-topic': SOURCE, 'notifier-origin-partition': '3', 'notifier-origin-offset': '7' };

  test('is a dead letter without value, and the registry is not asked', async () => {
    const pipeline = new ScriptedPipeline();
    const unreadable = { reason: 'undecodable', detail: 'incorrect header check' } as const;
    await pipeline.process(sourceRecord({ ...nothing, unreadable }));
    expect(pipeline.written).toMatchObject([{ target: 'dead_letter', partition: 3, key: null, value: null }]);
    expect(pipeline.headers).toMatchObject({
      ...place,
      'notifier-dead-letter-reason': 'undecodable',
      'notifier-reason': 'bytes',
    });
    expect(pipeline.story).toEqual(['undecodable', 'publish dead_letter', 'dead_lettered']);
    expect(pipeline.facts[0]).toMatchObject({ error: 'bytes', detail: 'incorrect header check' });
  });

  test('for its size is a dead letter without value, and without the hash of what nobody has read', async () => {
    const pipeline = new ScriptedPipeline();
    await pipeline.process(sourceRecord({ ...nothing, unreadable: { reason: 'too_large', detail: 'so large' } }));
    expect(pipeline.written).toMatchObject([{ target: 'dead_letter', partition: 3, key: null, value: null }]);
    expect(pipeline.headers).toMatchObject({
      ...place,
      'notifier-dead-letter-reason': 'too_large',
      'notifier-reason': 'bytes',
    });
    expect(pipeline.headers).not.toHaveProperty('notifier-value-sha256');
    expect(pipeline.story).toEqual(['publish dead_letter', 'dead_lettered']);
  });

  test('blocks no key where it was parked', async () => {
    const pipeline = new ScriptedPipeline();
    const parkedHere = pipeline.parkedKeys.of(3);
    const place = { tier: '5s', offset: 7 };
    parkedHere.join({ ...place, key: 'key K', origin: 1, redrives: 0, hops: 1, notBefore: 0 });
    const unreadable = { reason: 'undecodable', detail: 'cut off' } as const;
    await pipeline.process(sourceRecord({ ...nothing, topic: `${SOURCE}.retry.5s`, unreadable }));
    expect(parkedHere.size).toBe(0);
  });
});
