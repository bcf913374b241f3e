import { describe, expect, test } from 'vitest';
import type { Decoded } from '../../../src/pipeline/ports.ts';
import { paymentFinal, SOURCE, sourceRecord, useVirtualTime } from '../../support/fixtures.ts';
import { ScriptedPipeline } from '../../support/pipeline.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
useVirtualTime(NOW);

const parked = (headers: Record<string, string>) =>
  sourceRecord({ topic: `${SOURCE}.retry.5s`, offset: 20, headers: { 'notifier-attempts': '1', ...headers } });

describe('a record that is never sent', () => {
  const tombstone: Decoded = { kind: 'undecodable', error: 'tombstone', detail: 'no value' };

  test('cannot be decoded: it becomes a dead letter with its raw bytes', async () => {
    const pipeline = new ScriptedPipeline({ decode: () => tombstone });
    const record = sourceRecord({ value: Buffer.from([1, 2, 3]) });
    await pipeline.process(record);
    expect(pipeline.story).toEqual(['decode', 'undecodable', 'publish dead_letter', 'dead_lettered']);
    expect(pipeline.written[0]).toMatchObject({ topic: `${SOURCE}.dead-letter`, value: record.value, key: record.key });
    expect(pipeline.headers).toMatchObject({
      'notifier-dead-letter-reason': 'undecodable',
      'notifier-reason': 'tombstone',
      'notifier-attempts': '0',
    });
    expect(pipeline.headers).not.toHaveProperty('notifier-body');
  });

  test('breaks a rule of the interface: it becomes a dead letter that names the field', async () => {
    const event = paymentFinal({ paymentRequestId: null });
    const pipeline = new ScriptedPipeline({ decode: () => ({ kind: 'event', event }) });
    await pipeline.process();
    expect(pipeline.story).toEqual(['decode', 'publish dead_letter', 'dead_lettered']);
    expect(pipeline.headers).toMatchObject({
      'notifier-dead-letter-reason': 'invalid_event',
      'notifier-reason': 'paymentRequestId',
    });
    expect(pipeline.facts.at(-1)).toMatchObject({ paymentId: 'pay-1' });
  });

  test('waits for no hold: poison is out of the way while everything else stands', async () => {
    const pipeline = new ScriptedPipeline({ decode: () => tombstone });
    (await pipeline.gate.enter(pipeline.ownership.closing, 'live')).done({
      paymentId: 'other',
      outcome: { kind: 'systemic', code: 'KEY_NOT_FOUND' },
    });
    await pipeline.process();
    expect(pipeline.story.at(-1)).toBe('dead_lettered');
  });
});

describe('a failure with a code outside the page', () => {
  const event = paymentFinal({
    paymentResult: { resultStatus: 'F', resultCode: 'A_CODE_OF_TOMORROW', resultMessage: null },
  });

  test('is sent as it is, and told once', async () => {
    const pipeline = new ScriptedPipeline({ decode: () => ({ kind: 'event', event }) });
    const told = () => pipeline.facts.filter(({ kind }) => kind === 'unlisted_payment_code').length;
    const record = sourceRecord();
    await pipeline.process(record);
    expect(told()).toBe(1);
    await pipeline.process(parked({}));
    expect(pipeline.bodies[0]).toContain('"resultCode":"A_CODE_OF_TOMORROW"');
    expect(pipeline.facts.filter(({ kind }) => kind === 'unlisted_payment_code')).toEqual([
      { kind: 'unlisted_payment_code', record, paymentId: 'pay-1', code: 'A_CODE_OF_TOMORROW' },
    ]);
  });
});
