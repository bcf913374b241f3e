import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { OutgoingRecord } from '../../../src/core/record.ts';
import { answer, deferred, pass, paymentFinal, SOURCE, sourceRecord, useVirtualTime } from '../../support/fixtures.ts';
import { LARGEST_SMALL_RECORD } from '../../../src/pipeline/moved-record.ts';
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

  test('a retry topic is given to the dead letters at once, and asked for no second time', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown, publish: tooLarge(({ value }) => value === null) });
    await pipeline.process();
    expect(pipeline.story.filter((step) => step === 'publish retry')).toHaveLength(1);
  });

  test('the dead letters even without its value leaves its key behind', async () => {
    const pipeline = new ScriptedPipeline({ send: () => unknown, publish: tooLarge(({ key }) => key === null) });
    await pipeline.process();
    expect(pipeline.written).toMatchObject([{ target: 'dead_letter', key: null, value: null }]);
    expect(pipeline.headers).toMatchObject({ 'notifier-dead-letter-reason': 'too_large' });
  });

  test('the dead letters whatever is left out is not settled: they are waited for, loudly', async () => {
    let fits = false;
    const pipeline = new ScriptedPipeline({ send: () => unknown, publish: tooLarge(() => fits) });
    const work = pipeline.begin();
    await pass(60_000);
    expect([work.state, pipeline.written]).toEqual(['going on', []]);
    expect(pipeline.facts.at(-1)).toMatchObject({ kind: 'waiting', for: 'dead_letter' });
    expect(pipeline.facts.at(-1)).toHaveProperty('error.message', expect.stringContaining('max.message.bytes'));
    fits = true;
    await pass(10_000);
    expect([work.state, pipeline.written.length, pipeline.bodies.length]).toEqual(['settled', 1, 1]);
  });
});

test.each([
  { when: 'while the partition is held', ends: false, keys: 1 },
  {
    when: 'after that has ended: somebody else may have it, and nobody here would ever forget it',
    ends: true,
    keys: 0,
  },
])('a copy that is written $when is known to be parked: $keys', async ({ ends, keys }) => {
  const acknowledged = deferred<undefined>();
  const publish = () => acknowledged.promise.then(() => WRITTEN);
  const pipeline = new ScriptedPipeline({ send: () => unknown, publish });
  const work = pipeline.begin();
  await pass(1_000);
  if (ends) pipeline.ownership.end();
  acknowledged.resolve(undefined);
  await pass(1_000);
  expect([work.state, pipeline.parkedKeys.keys]).toEqual(['settled', keys]);
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
    const parked = pipeline.parkedKeys.of(3);
    const place = { tier: '5s', offset: 7 };
    parked.join({ ...place, key: 'key K', origin: 1, redrives: 0, hops: 1, notBefore: 0 });
    const unreadable = { reason: 'undecodable', detail: 'cut off' } as const;
    await pipeline.process(sourceRecord({ ...nothing, topic: `${SOURCE}.retry.5s`, unreadable }));
    expect(parked.size).toBe(0);
  });
});

test('the smallest letter has fewer bytes than a topic must take, whatever the record says', async () => {
  const widest = '🙂'.repeat(64);
  const origin = { 'notifier-origin-topic': 't'.repeat(249), 'notifier-origin-partition': '9'.repeat(15) };
  const times = ['origin-offset', 'origin-timestamp', 'attempts', 'hops', 'waits', 'redrive-count'];
  const headers = {
    ...origin,
    ...Object.fromEntries(times.map((name) => [`notifier-${name}`, '9'.repeat(15)])),
    'notifier-first-attempt-at': '1',
    'notifier-redrive-id': 'r'.repeat(1_024),
    'notifier-body': Buffer.alloc(1_000_000),
    trace: Buffer.alloc(1_000_000),
  };
  const pipeline = new ScriptedPipeline({
    decode: () => ({ kind: 'event', event: paymentFinal({ paymentId: widest }) }),
    send: () => answer('F', widest),
    publish: tooLarge(({ key, value }) => key === null && value === null),
  });
  await pipeline.process(sourceRecord({ topic: `${SOURCE}.retry.5s`, key: Buffer.alloc(1_000_000), headers }));
  const [letter] = pipeline.written;
  const bytes = Object.entries(letter?.headers ?? {}).map(
    ([name, value]) => name.length + Buffer.byteLength(String(value)) + 8,
  );
  const BATCH_AND_RECORD = 61 + 5 * 5;
  expect(bytes.reduce((sum, of) => sum + of, BATCH_AND_RECORD)).toBeLessThan(LARGEST_SMALL_RECORD);
});
