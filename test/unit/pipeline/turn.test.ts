import { describe, expect, test } from 'vitest';
import { readProvenance, writeHeaders } from '../../../src/core/provenance.ts';
import type { KafkaRecord } from '../../../src/core/record.ts';
import { AllParkedKeys } from '../../../src/pipeline/all-parked-keys.ts';
import { copyOf } from '../../../src/pipeline/parked-copy.ts';
import { answer, pass, paymentFinal, SOURCE, sourceRecord, TOPOLOGY, useVirtualTime } from '../../support/fixtures.ts';
import { ScriptedPipeline } from '../../support/pipeline.ts';

useVirtualTime();

const PARTITION = 3;
const unknown = answer('U', 'UNKNOWN_EXCEPTION');

/** A record of a retry topic whose event stands at `origin`; its key is the payment's. */
function parked(origin: number, { hops = 1, waits = 0, tier = '5s', offset = origin, dueIn = 0 } = {}): KafkaRecord {
  const headers = writeHeaders(
    {},
    {
      origin: { topic: SOURCE, partition: PARTITION, offset: origin, timestamp: 1 },
      attempts: hops - waits,
      hops,
      ...(waits > 0 && { waits }),
      notBefore: Date.now() + dueIn,
      paymentId: 'pay-1',
    },
  );
  return sourceRecord({ topic: `${SOURCE}.retry.${tier}`, offset, headers });
}

/** A pipeline that knows these parked records. */
function knowing(records: readonly KafkaRecord[], script: ConstructorParameters<typeof ScriptedPipeline>[0] = {}) {
  const pipeline = new ScriptedPipeline(script);
  for (const record of records) {
    const copy = copyOf(record, TOPOLOGY, readProvenance(record, SOURCE));
    if (copy !== undefined) pipeline.parkedKeys.of(PARTITION).join(copy);
  }
  return pipeline;
}

describe('an event whose key is parked', () => {
  test('is parked behind it without a request, due when that one is', async () => {
    const first = parked(5, { dueIn: 3_000, tier: '30s', hops: 2 });
    const pipeline = knowing([first]);
    await pipeline.process(sourceRecord({ offset: 6 }));
    expect(pipeline.bodies).toEqual([]);
    expect(pipeline.written).toMatchObject([{ target: 'retry', topic: `${SOURCE}.retry.30s`, partition: PARTITION }]);
    expect(pipeline.headers).toEqual({
      'notifier-origin-topic': SOURCE,
      'notifier-origin-partition': String(PARTITION),
      'notifier-origin-offset': '6',
      'notifier-origin-timestamp': '1700000000000',
      'notifier-attempts': '0',
      'notifier-hops': '1',
      'notifier-waits': '1',
      'notifier-not-before': String(Date.now() + 3_000),
      'notifier-reason': 'behind_parked_key',
    });
    expect(pipeline.parkedKeys.keys).toBe(1);
    expect(pipeline.parkedKeys.of(PARTITION).size).toBe(2);
  });

  test('hops behind it', async () => {
    const [first, second] = [parked(5, { tier: '30s', hops: 2 }), parked(6, { waits: 1 })];
    const pipeline = knowing([first, second]);
    await pipeline.process(second);
    expect(pipeline.written[0]?.topic).toBe(`${SOURCE}.retry.30s`);
    expect(pipeline.headers).toMatchObject({ 'notifier-hops': '2', 'notifier-waits': '2', 'notifier-attempts': '0' });
    expect(pipeline.parkedKeys.of(PARTITION).size).toBe(2);
  });

  test('is dead-lettered at once where it is no event, or none that can be told', async () => {
    const invalid = knowing([parked(5)], { decode: () => ({ kind: 'event', event: paymentFinal({ paymentId: '' }) }) });
    await invalid.process(sourceRecord({ offset: 6 }));
    expect(invalid.story).toEqual(['decode', 'publish dead_letter', 'dead_lettered']);
    expect(invalid.headers).not.toHaveProperty('notifier-payment-id');
  });

  test('flows where its key is another', async () => {
    const pipeline = knowing([parked(5)]);
    await pipeline.process(sourceRecord({ offset: 6, key: Buffer.from('other') }));
    expect(pipeline.bodies).toHaveLength(1);
  });
});

describe('a parked event', () => {
  test('is sent, and its key is free', async () => {
    const record = parked(5);
    const pipeline = knowing([record]);
    await pipeline.process(record);
    expect(pipeline.story).toContain('delivered');
    expect(pipeline.parkedKeys.keys).toBe(0);
  });

  test('is known by where it waits next, and no longer by where it waited', async () => {
    const record = parked(5);
    const pipeline = knowing([record], { send: () => unknown });
    await pipeline.process(record);
    expect(pipeline.parkedKeys.of(PARTITION).size).toBe(1);
    expect(pipeline.parkedKeys.of(PARTITION).turnOfSource('key pay-1', 9)).toMatchObject({
      kind: 'behind',
      tier: '30s',
    });
  });

  test('that went on in a newer copy is passed over unsent', async () => {
    const [older, newer] = [parked(5), parked(5, { hops: 2, tier: '30s' })];
    const pipeline = knowing([older, newer]);
    await pipeline.process(older);
    expect(pipeline.story).toEqual(['due', 'decode', 'superseded']);
    await pipeline.process(newer);
    expect(pipeline.bodies).toHaveLength(1);
    expect(pipeline.parkedKeys.keys).toBe(0);
  });

  test('that went on in a newer copy is not settled where its partition was lost meanwhile', async () => {
    const [older, newer] = [parked(5), parked(5, { hops: 2, tier: '30s' })];
    const pipeline = knowing([older, newer], {
      decode: () => {
        pipeline.ownership.end();
        return { kind: 'event', event: paymentFinal() };
      },
    });
    await expect(pipeline.process(older)).rejects.toMatchObject({ name: 'Abandoned' });
    expect(pipeline.story).not.toContain('superseded');
    expect(pipeline.parkedKeys.of(PARTITION).size).toBe(2);
  });

  test('waits until its older copy is passed over, or its partition is lost', async () => {
    const [older, newer] = [parked(5), parked(5, { hops: 2, tier: '30s' })];
    const pipeline = knowing([older, newer]);
    const work = pipeline.begin(newer);
    await pass(1_000);
    expect(pipeline.bodies).toEqual([]);
    await pipeline.process(older);
    await pass(100);
    expect(work.state).toBe('settled');
    expect(pipeline.bodies).toHaveLength(1);

    const lost = knowing([older, newer]);
    const abandoned = lost.begin(newer);
    await pass(1_000);
    lost.ownership.close();
    await pass(0);
    expect(abandoned.state).toBe('Abandoned');
  });

  test('that is read before its writer has heard of it is not taken for parked afterwards', async () => {
    const pipeline = new ScriptedPipeline({
      send: () => unknown,
      publish: () => {
        pipeline.parkedKeys.of(PARTITION).readTo('5s', 8);
        return Promise.resolve({ offset: 7 });
      },
    });
    await pipeline.process(sourceRecord());
    expect(pipeline.parkedKeys.keys).toBe(0);
  });

  test('that came from another partition is sent, whatever is parked here', async () => {
    const elsewhere = parked(9);
    const headers = { ...elsewhere.headers, 'notifier-origin-partition': '4' };
    const pipeline = knowing([parked(5)]);
    await pipeline.process({ ...elsewhere, headers });
    expect(pipeline.bodies).toHaveLength(1);
  });
});

test('waiting does not count as a try: the first unknown result of a follower goes to the first tier', async () => {
  const follower = parked(6, { hops: 2, waits: 2, tier: '30s' });
  const pipeline = knowing([follower], { send: () => unknown });
  await pipeline.process(follower);
  expect(pipeline.written[0]?.topic).toBe(`${SOURCE}.retry.5s`);
});

describe('too much that is parked', () => {
  test('makes records of the source wait, and lets parked ones go on', async () => {
    const [first, second] = [parked(5), sourceRecord({ offset: 9, key: Buffer.from('other') })];
    const pipeline = knowing([first]);
    const full = new AllParkedKeys(1);
    Object.assign(pipeline.ports, { parkedKeys: full });
    const copy = copyOf(first, TOPOLOGY, readProvenance(first, SOURCE));
    if (copy !== undefined) full.of(PARTITION).join(copy);
    const work = pipeline.begin(second);
    await pass(500);
    expect(pipeline.bodies).toEqual([]);
    expect(pipeline.facts.find(({ kind }) => kind === 'waiting')).toMatchObject({
      for: 'parked',
      error: new Error('too many events are parked'),
    });
    expect(pipeline.waits.of(second)).toEqual({ reason: 'parked_full', since: Date.now() - 500 });
    await pipeline.process(sourceRecord({ offset: 5 }));
    expect(pipeline.story.at(-1)).toBe('superseded');
    await pipeline.process(first);
    await pass(100);
    expect(work.state).toBe('settled');
    expect(pipeline.waits.of(second)).toBeUndefined();
    expect(pipeline.bodies).toHaveLength(2);
  });
});
