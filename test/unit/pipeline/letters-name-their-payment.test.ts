import { describe, expect, test } from 'vitest';
import type { PaymentFinal } from '../../../src/core/event.ts';
import type { KafkaRecord } from '../../../src/core/record.ts';
import { answer, paymentFinal, sourceRecord, useVirtualTime } from '../../support/fixtures.ts';
import { ScriptedPipeline, WRITTEN, type Script } from '../../support/pipeline.ts';

useVirtualTime(Date.UTC(2026, 10, 22, 10));

const NAME = 'notifier-payment-id';
const WITHOUT_KEY = { key: null };
const refused: Script = { send: () => answer('F', 'PROCESS_FAIL') };
const onlyWithoutValue: Script = {
  ...refused,
  publish: (_, { key, value }) =>
    Promise.resolve(value === null && (key?.length ?? 0) < 20_000 ? WRITTEN : 'too_large'),
};
const decoding = (fields: Partial<PaymentFinal>): Script => ({
  decode: () => ({ kind: 'event', event: paymentFinal(fields) }),
});

/** The headers of the letter that becomes of a record. */
async function letter(script: Script, fields: Partial<KafkaRecord>): Promise<Record<string, string>> {
  const pipeline = new ScriptedPipeline(script);
  await pipeline.process(sourceRecord(fields));
  expect(pipeline.written.map(({ target }) => target)).toEqual(['dead_letter']);
  return pipeline.headers;
}

describe('a dead letter names its payment', () => {
  test.each([
    ['whose record has no key', refused, WITHOUT_KEY],
    ['whose key is empty', refused, { key: Buffer.alloc(0) }],
    ['that has lost its value', onlyWithoutValue, WITHOUT_KEY],
    ['that has lost its value, its key being another name', onlyWithoutValue, { key: Buffer.from('ORDER-7') }],
    ['that has lost its key and its value', onlyWithoutValue, { key: Buffer.alloc(1_000_000) }],
    ['that was never fit to be sent', decoding({ paymentRequestId: null }), WITHOUT_KEY],
  ])('%s', async (_, script, fields) => {
    expect(await letter(script, fields)).toHaveProperty(NAME, 'pay-1');
  });

  test('as far as it goes: 64 characters, counted as the interface counts them', async () => {
    const paymentId = '💶'.repeat(64);
    expect(await letter({ ...refused, ...decoding({ paymentId }) }, WITHOUT_KEY)).toHaveProperty(NAME, paymentId);
  });
});

describe('a dead letter does not name', () => {
  test.each([
    ['what its key and its value name', refused, {}],
    ['a payment without an id', decoding({ paymentId: '' }), WITHOUT_KEY],
    ['a payment whose id is of no bounded length', decoding({ paymentId: 'p'.repeat(65) }), WITHOUT_KEY],
  ])('%s', async (_, script, fields) => {
    expect(await letter(script, fields)).not.toHaveProperty(NAME);
  });
});
