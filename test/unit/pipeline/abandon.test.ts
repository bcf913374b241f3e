import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../../src/core/outcome.ts';
import { Topology } from '../../../src/core/topology.ts';
import { NotAllowed, type Decoded } from '../../../src/pipeline/ports.ts';
import {
  answer,
  deferred,
  pass,
  paymentFinal,
  RETRY,
  soon,
  SOURCE,
  sourceRecord,
  useVirtualTime,
} from '../../support/fixtures.ts';
import { ScriptedPipeline, WRITTEN } from '../../support/pipeline.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
useVirtualTime(NOW);

const systemic = answer('F', 'KEY_NOT_FOUND', { verification: 'missing' });
const refused = (message: string) => () => Promise.reject(new Error(message));

describe('work is abandoned, with nothing settled, when the ownership closes', () => {
  test('while the record waits for its time', async () => {
    const pipeline = new ScriptedPipeline();
    const headers = { 'notifier-not-before': String(NOW + 3_600_000) };
    const work = pipeline.begin(sourceRecord({ topic: `${SOURCE}.retry.1h`, headers }));
    await pass(10_000);
    pipeline.ownership.close();
    await soon();
    expect([work.state, pipeline.story]).toEqual(['Abandoned', []]);
  });

  test('while the registry does not answer', async () => {
    const pipeline = new ScriptedPipeline({ decode: refused('registry is down') });
    const work = pipeline.begin();
    await pass(60_000);
    expect(pipeline.facts.at(-1)).toMatchObject({ kind: 'waiting', for: 'registry' });
    expect(pipeline.waits.of(sourceRecord())).toEqual({ reason: 'registry', since: NOW });
    pipeline.ownership.close();
    await soon();
    expect(work.state).toBe('Abandoned');
    expect(pipeline.story).not.toContain('send');
  });

  test('while it waits at the gate', async () => {
    const pipeline = new ScriptedPipeline();
    (await pipeline.gate.enter(pipeline.ownership.closing, 'live')).done({
      paymentId: 'other',
      outcome: { kind: 'systemic', code: 'KEY_NOT_FOUND' },
    });
    const work = pipeline.begin();
    await soon();
    pipeline.ownership.close();
    await soon();
    expect([work.state, pipeline.gate.inFlight]).toEqual(['Abandoned', 0]);
    expect(pipeline.story).not.toContain('send');
  });

  test('between the gate and the first byte, and the place at the gate is free again', async () => {
    const pipeline = new ScriptedPipeline();
    pipeline.ownership.lapse(true);
    await expect(pipeline.process()).rejects.toMatchObject({ name: 'Abandoned' });
    expect([pipeline.story, pipeline.gate.inFlight]).toEqual([['decode'], 0]);
  });

  test('while the brokers do not take a dead letter for which no request was sent', async () => {
    const pipeline = new ScriptedPipeline({
      decode: () => ({ kind: 'undecodable', error: 'magic', detail: 'no event' }),
      publish: refused('brokers are down'),
    });
    const work = pipeline.begin();
    await pass(60_000);
    expect(work.state).toBe('going on');
    pipeline.ownership.close();
    await soon();
    expect([work.state, pipeline.written]).toEqual(['Abandoned', []]);
  });
});

describe('an ownership that closes while a request is in flight', () => {
  test('lets it end, settle and be committed', async () => {
    const exchange = deferred<Exchange>();
    const pipeline = new ScriptedPipeline({ send: () => exchange.promise });
    const work = pipeline.begin();
    await soon();
    pipeline.ownership.close();
    exchange.resolve(answer('U', 'UNKNOWN_EXCEPTION'));
    await soon();
    expect([work.state, pipeline.story.at(-1)]).toEqual(['settled', 'parked']);
  });

  test('waits for the brokers to take its retry record until it ends', async () => {
    const pipeline = new ScriptedPipeline({
      send: () => answer('U', 'UNKNOWN_EXCEPTION'),
      publish: refused('brokers are down'),
    });
    const work = pipeline.begin();
    await pass(60_000);
    expect(pipeline.facts.at(-1)).toMatchObject({ kind: 'waiting', for: 'retry' });
    expect(pipeline.waits.of(sourceRecord())).toEqual({ reason: 'produce', since: NOW });
    pipeline.ownership.close();
    await pass(5_000);
    expect(work.state).toBe('going on');
    pipeline.ownership.end();
    await soon();
    expect([work.state, pipeline.written]).toEqual(['Abandoned', []]);
    expect(pipeline.story).not.toContain('parked');
  });

  test('and ends before the answer makes it worth nothing: the request is told, for it was sent, and nothing is written', async () => {
    const exchange = deferred<Exchange>();
    const pipeline = new ScriptedPipeline({ send: () => exchange.promise });
    const work = pipeline.begin();
    await soon();
    pipeline.ownership.end();
    exchange.resolve(answer('U', 'UNKNOWN_EXCEPTION'));
    await soon();
    expect([work.state, pipeline.written, pipeline.gate.inFlight]).toEqual(['Abandoned', [], 0]);
    expect(pipeline.story).toEqual(['decode', 'send', 'attempt']);
  });

  test('writes nothing while nobody knows whether it has ended: a frozen process has woken up', async () => {
    const exchange = deferred<Exchange>();
    const pipeline = new ScriptedPipeline({ send: () => exchange.promise });
    const work = pipeline.begin();
    await soon();
    pipeline.ownership.lapse(true);
    exchange.resolve(answer('U', 'UNKNOWN_EXCEPTION'));
    await pass(1_000);
    expect([work.state, pipeline.written]).toEqual(['going on', []]);
    pipeline.ownership.lapse(false);
    await pass(0);
    expect([work.state, pipeline.story.at(-1)]).toEqual(['settled', 'parked']);
  });

  test('and has ended meanwhile leaves the record to the new owner', async () => {
    const exchange = deferred<Exchange>();
    const pipeline = new ScriptedPipeline({ send: () => exchange.promise });
    const work = pipeline.begin();
    await soon();
    pipeline.ownership.lapse(true);
    exchange.resolve(answer('U', 'UNKNOWN_EXCEPTION'));
    await pass(1_000);
    pipeline.ownership.end();
    await pass(0);
    expect([work.state, pipeline.written]).toEqual(['Abandoned', []]);
  });

  test('and ends while a retry record is refused writes it no second time', async () => {
    const first = deferred<typeof WRITTEN>();
    const pipeline = new ScriptedPipeline({
      send: () => answer('U', 'UNKNOWN_EXCEPTION'),
      publish: () => first.promise,
    });
    const work = pipeline.begin();
    await soon();
    pipeline.ownership.end();
    first.reject(new Error('brokers are down'));
    await soon();
    expect(work.state).toBe('Abandoned');
    expect(pipeline.story.filter((step) => step === 'publish retry')).toHaveLength(1);
  });

  test('and ends between two records that are to be written leaves the second one to the new owner', async () => {
    const pipeline: ScriptedPipeline = new ScriptedPipeline({
      send: () => answer('F', 'PARAM_ILLEGAL'),
      publish: () => {
        pipeline.ownership.end();
        return Promise.resolve(WRITTEN);
      },
      settings: { topology: new Topology({ source: SOURCE, tiers: RETRY.tiers, outcomes: 'payment-outcomes' }) },
    });
    await expect(pipeline.process()).rejects.toMatchObject({ name: 'Abandoned' });
    expect(pipeline.written.map(({ target }) => target)).toEqual(['dead_letter']);
    expect(pipeline.story).not.toContain('dead_lettered');
  });
});

describe('our own infrastructure is waited for', () => {
  test('the registry, and then the record is judged as if nothing had been', async () => {
    let tries = 0;
    const decode = (): Decoded => {
      tries += 1;
      if (tries < 4) throw new Error('registry is down');
      return { kind: 'event', event: paymentFinal() };
    };
    const pipeline = new ScriptedPipeline({ decode });
    const work = pipeline.begin();
    await pass(10_000);
    expect(work.state).toBe('settled');
    expect(pipeline.facts.filter(({ kind }) => kind === 'waiting')).toHaveLength(3);
    expect(pipeline.story.at(-1)).toBe('delivered');
  });

  test('the brokers, without sending again', async () => {
    let tries = 0;
    const pipeline = new ScriptedPipeline({
      send: () => answer('U', 'UNKNOWN_EXCEPTION'),
      publish: () => Promise.resolve().then(() => ((tries += 1) < 4 ? refused('brokers are down')() : WRITTEN)),
    });
    const work = pipeline.begin();
    await pass(10_000);
    expect([work.state, pipeline.bodies.length, pipeline.written.length]).toEqual(['settled', 1, 1]);
    expect(pipeline.headers['notifier-attempts']).toBe('1');
  });
});

describe('a systemic answer', () => {
  test('settles nothing: the record is sent again, the same bytes, until the answer is another', async () => {
    const pipeline = new ScriptedPipeline({ send: (request) => (request < 4 ? systemic : answer('S', 'SUCCESS')) });
    const work = pipeline.begin();
    await pass(1_250);
    expect(work.state).toBe('going on');
    await pass(60_000);
    expect(work.state).toBe('settled');
    expect(pipeline.written).toEqual([]);
    expect(new Set(pipeline.bodies).size).toBe(1);
    expect(pipeline.facts.filter(({ kind }) => kind === 'attempt')).toMatchObject([
      { attempt: 1, outcome: { kind: 'systemic', code: 'KEY_NOT_FOUND' }, disposition: { kind: 'hold' } },
      { attempt: 2 },
      { attempt: 3 },
      { attempt: 4, outcome: { kind: 'delivered' } },
    ]);
  });

  test('and probes without a result count as attempts, and the first stays the first', async () => {
    const exchanges: Exchange[] = [
      systemic,
      { kind: 'no_response', phase: 'connect', code: 'ECONNREFUSED' },
      answer('U', 'UNKNOWN_EXCEPTION'),
    ];
    const pipeline = new ScriptedPipeline({ send: (request) => exchanges[request - 1] ?? systemic });
    const work = pipeline.begin();
    await pass(60_000);
    expect(work.state).toBe('settled');
    expect(pipeline.headers).toMatchObject({
      'notifier-attempts': '3',
      'notifier-hops': '1',
      'notifier-first-attempt-at': String(NOW),
      'notifier-reason': 'UNKNOWN_EXCEPTION',
    });
    expect(Number(pipeline.headers['notifier-last-attempt-at'])).toBeGreaterThan(NOW + 1_000);
  });

  test('for the record that is abandoned in the hold leaves it as it was', async () => {
    const pipeline = new ScriptedPipeline({ send: () => systemic });
    const work = pipeline.begin();
    await pass(5_000);
    pipeline.ownership.close();
    await soon();
    expect([work.state, pipeline.written]).toEqual(['Abandoned', []]);
  });
});

describe('what may not be written', () => {
  const forbidden = () => Promise.reject(new NotAllowed('this user may not WRITE the topic'));

  test('is tried until the partition is to be handed over, and given up then, with its request left unsettled', async () => {
    const pipeline = new ScriptedPipeline({ send: () => answer('U', 'UNKNOWN_EXCEPTION'), publish: forbidden });
    const work = pipeline.begin();
    await pass(60_000);
    expect(work.state).toBe('going on');
    expect(pipeline.facts.at(-1)).toMatchObject({ kind: 'waiting', for: 'retry' });
    pipeline.ownership.close();
    await pass(4_000);
    expect(work.state).toBe('LeftUnsettled');
  });

  test('for another reason than a right is tried to the end of the ownership', async () => {
    const pipeline = new ScriptedPipeline({ send: () => answer('U', 'UNKNOWN_EXCEPTION'), publish: refused('down') });
    const work = pipeline.begin();
    await pass(1_000);
    pipeline.ownership.close();
    await pass(60_000);
    expect(work.state).toBe('going on');
    pipeline.ownership.end();
    await pass(4_000);
    expect(work.state).toBe('Abandoned');
  });
});
