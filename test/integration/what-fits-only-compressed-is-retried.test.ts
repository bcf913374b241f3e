import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { avroBytes, framed, register } from '../support/schemas.ts';
import { World } from '../support/world.ts';

const LIMIT = 1_048_588;
const { GZIP } = kafkajs.CompressionTypes;

test('a record that fits into its topics only compressed is parked as it is, and delivered', async () => {
  const world = await World.create({
    partitions: 1,
    topicConfig: { 'max.message.bytes': String(LIMIT) },
    profile: { rules: [{ when: { attempt: 1, paymentId: '*-large' }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
  });
  const schema = JSON.parse(readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8')) as {
    fields: unknown[];
  };
  const withReceipt = { ...schema, fields: [...schema.fields, { name: 'receipt', type: 'bytes' }] };
  const schemaId = await register(`${world.source}-receipt`, withReceipt);
  const large = (paymentId: string, receipt: Buffer) => {
    const value = framed(schemaId, avroBytes(withReceipt, { ...sampleEvent(paymentId, true), receipt }));
    return { paymentId, key: paymentId, value };
  };
  const receipts = {
    'blank-large': Buffer.alloc(1_200_000, 'a receipt '),
    // Packed, as near to the limit as a batch of its writer may have been.
    'dense-large': Buffer.concat([randomBytes(1_000_000), Buffer.alloc(1_000_000)]),
  };
  const records = Object.entries(receipts).map(([id, receipt]) => large(id, receipt));
  for (const record of records) await world.writeRaw(0, [record], GZIP);
  await world.write(0, ['behind']);
  const service = await world.start();

  const { delivered, deadLettered, repeats } = await expectAccounted(world);
  expect({ delivered, deadLettered, repeats }).toEqual({
    delivered: ['blank-large', 'dense-large', 'behind'],
    deadLettered: [],
    repeats: 0,
  });
  const parked = await world.records('retry.1s');
  expect(parked.map(({ text }) => text['notifier-reason'])).toEqual(['UNKNOWN_EXCEPTION', 'UNKNOWN_EXCEPTION']);
  expect(parked.map(({ value }, at) => value?.equals(records[at]?.value ?? Buffer.of()))).toEqual([true, true]);
  expect(await service.metric('notifier_produce_errors_total{target="retry"}')).toBe(0);
});
