import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Topology } from '../../../src/core/topology.ts';
import {
  answer,
  deferred,
  noResponse,
  pass,
  paymentFinal,
  RETRY,
  soon,
  SOURCE,
  sourceRecord,
  useVirtualTime,
} from '../../support/fixtures.ts';
import type { Publish } from '../../../src/pipeline/ports.ts';
import { ScriptedPipeline, WRITTEN } from '../../support/pipeline.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
useVirtualTime(NOW);

const refused = (): Promise<never> => Promise.reject(new Error('brokers are down'));
const unknown = answer('U', 'UNKNOWN_EXCEPTION');
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

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
      deadLetterReason: null,
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
    expect(outcomeOf(pipeline)).toMatchObject({
      verdict: 'dead_lettered',
      deadLetterReason: 'rejected',
      resultCode: 'PARAM_ILLEGAL',
      attempts: 1,
    });
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
      deadLetterReason: 'undecodable',
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

  test('gets of an id that is too long for one its beginning, under the coordinates of its origin', async () => {
    const event = paymentFinal({ paymentId: 'x'.repeat(1_000_000) });
    const pipeline = new ScriptedPipeline({ decode: () => ({ kind: 'event', event }), settings });
    await pipeline.process();
    expect(outcomes(pipeline)[0]?.key).toEqual(Buffer.from(`${SOURCE}:3:7`));
    expect(outcomeOf(pipeline)).toMatchObject({ paymentId: `${'x'.repeat(64)}…`, deadLetterReason: 'invalid_event' });
    expect(outcomes(pipeline)[0]?.value?.length).toBeLessThan(1_000);
  });

  test('says which letter there is, where the record was too large for the one it was to be', async () => {
    const pipeline = new ScriptedPipeline({
      send: () => answer('F', 'PARAM_ILLEGAL'),
      publish: (target, { value }) => Promise.resolve(target === 'outcome' || value === null ? WRITTEN : 'too_large'),
      settings,
    });
    await pipeline.process();
    expect(outcomeOf(pipeline)).toMatchObject({ deadLetterReason: 'too_large', resultCode: 'PARAM_ILLEGAL' });
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

  test('that does not take a verdict stops the next request, and at the last call the verdict is committed and told in full', async () => {
    const exchange = answer('S', 'SUCCESS');
    const pipeline = new ScriptedPipeline({ send: () => exchange, publish: refused, settings });
    const work = pipeline.begin();
    await pass(60_000);
    expect([work.state, pipeline.facts.at(-1)]).toMatchObject(['going on', { kind: 'waiting', for: 'outcome' }]);
    pipeline.ownership.close();
    await pass(5_000);
    expect(work.state).toBe('going on');
    pipeline.ownership.callLast();
    await soon();
    expect([work.state, pipeline.bodies.length, outcomes(pipeline)]).toEqual(['settled', 1, []]);
    expect(pipeline.facts.slice(-2)).toMatchObject([
      {
        kind: 'outcome_unwritten',
        outcome: {
          paymentId: 'pay-1',
          verdict: 'delivered',
          deadLetterReason: null,
          resultCode: 'SUCCESS',
          attempts: 1,
          keyVersion: '7',
          firstAttemptAt: '2026-11-22T10:00:00.000Z',
          settledAt: '2026-11-22T10:00:00.000Z',
          origin: { topic: SOURCE, partition: 3, offset: 7 },
          requestSha256: sha256(pipeline.bodies[0] ?? ''),
          responseSha256: sha256(exchange.body),
        },
      },
      { kind: 'settled', as: { verdict: 'delivered' } },
    ]);
  });

  test('is waited for no longer than the last call by a write that hangs, and written to no more', async () => {
    const hanging = deferred<typeof WRITTEN>();
    const pipeline = new ScriptedPipeline({ publish: () => hanging.promise, settings });
    const work = pipeline.begin();
    await soon();
    pipeline.ownership.callLast();
    await soon();
    expect([work.state, pipeline.story.slice(-2)]).toEqual(['settled', ['outcome_unwritten', 'delivered']]);
    hanging.reject(new Error('brokers are down'));
    await pass(60_000);
    expect(pipeline.story.filter((step) => step === 'publish outcome')).toHaveLength(1);
  });

  test('whose verdict is a letter that stands already does not make it stand twice: nobody gives up before the last call', async () => {
    const pipeline = new ScriptedPipeline({
      decode: () => ({ kind: 'undecodable', error: 'magic', detail: 'no event' }),
      publish: (target) => (target === 'outcome' ? refused() : Promise.resolve(WRITTEN)),
      settings,
    });
    const work = pipeline.begin();
    await pass(1_000);
    pipeline.ownership.close();
    await pass(5_000);
    expect(work.state).toBe('going on');
    pipeline.ownership.callLast();
    await soon();
    expect([work.state, pipeline.story.slice(-2)]).toEqual(['settled', ['outcome_unwritten', 'dead_lettered']]);
  });

  test('is left to the next owner where the right ends without a last call', async () => {
    const pipeline = new ScriptedPipeline({ publish: refused, settings });
    const work = pipeline.begin();
    await pass(1_000);
    pipeline.ownership.end();
    await soon();
    expect([work.state, pipeline.story.includes('outcome_unwritten')]).toEqual(['Abandoned', false]);
  });

  test('that is too small for an outcome is waited for', async () => {
    let takes: Awaited<ReturnType<Publish>> = 'too_large';
    const pipeline = new ScriptedPipeline({ publish: () => Promise.resolve(takes), settings });
    const work = pipeline.begin();
    await pass(10_000);
    expect([work.state, pipeline.facts.at(-1)]).toMatchObject(['going on', { kind: 'waiting', for: 'outcome' }]);
    takes = WRITTEN;
    await pass(10_000);
    expect([work.state, outcomes(pipeline).length]).toEqual(['settled', 1]);
  });
});
