import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../../../src/kafka/avro/decoder.ts';
import type { Decoded } from '../../../../src/pipeline/ports.ts';
import { paymentFinal } from '../../../support/fixtures.ts';
import { NOT_FOUND, scriptedRegistry, type RegistryAnswer } from '../../../support/scripted-registry.ts';
import { avroBytes, framed, PAYMENT_FINAL } from '../../../support/schemas.ts';
import { WRITER_CASES } from '../../../support/writers.ts';

const ID = 7;
const AT_7 = `/schemas/ids/${ID}`;
const EVENT = paymentFinal();
const RECORD = framed(ID, avroBytes(PAYMENT_FINAL, EVENT));
/** Two fields whose types are different and called alike. */
const TWO_OF_A_NAME = [1, 2].map((size) => ({ name: `x${size}`, type: { type: 'fixed', name: 'X', size } }));
const FAILED = { resultStatus: 'F', resultCode: 'RISK_REJECT', resultMessage: null };

/** What becomes of one record, without the words for people. */
function verdict(decoded: Decoded): unknown {
  return decoded.kind === 'event' ? decoded.event : decoded.error;
}

describe('what real writers wrote', () => {
  const sent = (fields: object = {}): object => {
    return { paymentId: 'P-1', paymentRequestId: null, paymentTime: null, paymentResult: FAILED, ...fields };
  };
  const SEPTEMBER_21 = Date.UTC(2026, 8, 21, 14, 13, 20);
  test.each([
    ['another-event-of-the-union/payment', sent()],
    ['another-event-of-the-union/refund', 'schema_mismatch'],
    ['types-shared-in-the-union/payment', sent()],
    ['types-shared-in-the-union/refund', 'schema_mismatch'],
    ['empty-namespace/inner-record', sent()],
    ['fixed-as-text/fixed', 'schema_mismatch'],
    ['units-of-the-time/date', 'schema_mismatch'],
    ['units-of-the-time/timestamp-micros', sent({ paymentTime: SEPTEMBER_21 })],
    ['units-of-the-time/timestamp-nanos', sent({ paymentTime: SEPTEMBER_21 })],
    ['schema-the-library-refuses/letter-in-a-name', sent()],
    ['schema-the-library-refuses/null-default-of-a-string', sent()],
    ['schema-the-library-refuses/union-default', sent()],
  ])('%s', async (name, expected) => {
    const { schema, bytes } = WRITER_CASES.get(name)!;
    const registry = await scriptedRegistry();
    registry.put(ID, schema);
    expect(verdict(await createDecoder(registry).decode(framed(ID, bytes)))).toEqual(expected);
  });

  test('none is left out', () => {
    expect(WRITER_CASES.size).toBe(12);
  });
});

test.each([
  ['tombstone', null],
  ['magic', Buffer.alloc(0)],
  ['magic', RECORD.subarray(0, 4)],
  ['magic', Buffer.from([1, ...RECORD.subarray(1)])],
  ['bytes', RECORD.subarray(0, 5)],
])('%s: %j', async (kind, value) => {
  const registry = await scriptedRegistry();
  registry.put(ID, PAYMENT_FINAL);
  expect(verdict(await createDecoder(registry).decode(value))).toBe(kind);
});

describe('a registry that has not answered is waited for', () => {
  test.each<[name: string, answer: RegistryAnswer]>([
    ['500', { status: 500, body: { error_code: 50001 } }],
    ['503 by something on the way', { status: 503, body: '<html>busy</html>' }],
    ['500 that names the code of a missing schema', { status: 500, body: { error_code: 40403 } }],
    ['500 around a schema', { status: 500, body: { schema: '"string"' } }],
    ['401', { status: 401, body: {} }],
    ['403', { status: 403, body: {} }],
    ['429', { status: 429, body: {} }],
    ['404 by something on the way', { status: 404, body: '<html>not found</html>' }],
    ['a page with status 200', { body: '<html>log in</html>' }],
    ['JSON without a schema', { body: { message: 'welcome' } }],
    ['JSON whose schema is no text', { body: { schema: { type: 'string' } } }],
    ['null', { body: null }],
  ])('%s', async (_, answer) => {
    const registry = await scriptedRegistry();
    registry.answers.set(AT_7, answer);
    const { decode } = createDecoder(registry);
    await expect(decode(RECORD)).rejects.toThrow('registry');
    registry.put(ID, PAYMENT_FINAL);
    expect(verdict(await decode(RECORD))).toEqual(EVENT);
  });
});

describe('an answer that cannot be used is the fault of the record', () => {
  test.each<[name: string, schema: unknown, more?: object]>([
    ['no JSON', 'record PaymentFinal {'],
    ['JSON that is no schema', 'null'],
    ['an empty text', ''],
    ['an unknown type', { type: 'recordd', name: 'PaymentFinal' }],
    ['a type nobody defined', { type: 'record', name: 'PaymentFinal', fields: [{ name: 'x', type: 'Nowhere' }] }],
    ['a name defined twice', { ...PAYMENT_FINAL, fields: [...TWO_OF_A_NAME, ...PAYMENT_FINAL.fields] }],
    [
      'a field twice',
      { type: 'record', name: 'PaymentFinal', fields: PAYMENT_FINAL.fields.concat(PAYMENT_FINAL.fields[0]!) },
    ],
    ['a fixed without a size', { ...PAYMENT_FINAL, fields: [{ name: 'x', type: { type: 'fixed', name: 'X' } }] }],
    ['an enum without symbols', { ...PAYMENT_FINAL, fields: [{ name: 'x', type: { type: 'enum', name: 'X' } }] }],
    ['a record without fields', { type: 'record', name: 'PaymentFinal' }],
    ['a record without a name', { type: 'record', fields: [] }],
    [
      'JSON Schema of a draft of tomorrow',
      { $schema: 'https://json-schema.org/draft/2099-01/schema' },
      { schemaType: 'JSON' },
    ],
    ['Protocol Buffers', 'syntax = "proto3"; import "nowhere.proto";', { schemaType: 'PROTOBUF' }],
    ['our own schema as one of another type', PAYMENT_FINAL, { schemaType: 'JSON' }],
    ['a type of schema nobody knows', '{}', { schemaType: 'THRIFT' }],
    ['a schema nested a hundred thousand deep', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('%s', async (_, schema, more) => {
    const registry = await scriptedRegistry();
    registry.put(ID, schema, more);
    const { decode } = createDecoder(registry);
    expect(verdict(await decode(RECORD))).toBe('schema_mismatch');
    expect(verdict(await decode(RECORD))).toBe('schema_mismatch');
    expect(registry.asked).toEqual([AT_7]);
  });
});

describe('a schema that refers to others', () => {
  const [result, ...fields] = [...PAYMENT_FINAL.fields].reverse();
  const referring = { ...PAYMENT_FINAL, fields: [...fields, { ...result, type: 'payments.PaymentResult' }] };
  const references = [{ name: 'payments.PaymentResult', subject: 'a result', version: 3 }];
  const AT_RESULT = '/subjects/a%20result/versions/3';
  const record = framed(ID, avroBytes({ ...referring, fields: [...fields, result] }, EVENT));

  test('is read with them, and with those that they refer to', async () => {
    const registry = await scriptedRegistry();
    const type = result!['type'] as { readonly fields: readonly Readonly<Record<string, unknown>>[] };
    const [status, ...others] = type.fields;
    const apart = { ...type, namespace: 'payments', fields: [{ ...status, type: 'ResultStatus' }, ...others] };
    const enumType = { ...(status!['type'] as object), namespace: 'payments' };
    registry.put(ID, referring, { references });
    registry.answers.set(AT_RESULT, {
      body: {
        schema: JSON.stringify(apart),
        references: [{ name: 'payments.ResultStatus', subject: 's', version: 1 }],
      },
    });
    registry.answers.set('/subjects/s/versions/1', { body: { schema: JSON.stringify(enumType) } });
    expect(verdict(await createDecoder(registry).decode(record))).toEqual(EVENT);
    expect(registry.asked).toEqual([AT_7, AT_RESULT, '/subjects/s/versions/1']);
  });

  test('waits where one of them is not answered, and is missing where one is', async () => {
    const registry = await scriptedRegistry();
    registry.put(ID, referring, { references });
    registry.answers.set(AT_RESULT, { status: 500, body: '' });
    let now = 0;
    const { decode } = createDecoder(registry, () => now);
    await expect(decode(record)).rejects.toThrow('registry');
    registry.answers.set(AT_RESULT, NOT_FOUND);
    await expect(decode(record)).rejects.toThrow('registry');
    now += 5_000;
    expect(verdict(await decode(record))).toBe('schema_not_found');
  });
});

describe('a registry that lags', () => {
  test('is asked again for a few seconds before an id never seen is believed missing', async () => {
    const registry = await scriptedRegistry();
    let now = 1_000;
    const { decode } = createDecoder(registry, () => now);
    for (const passed of [0, 300, 1_000, 1_600]) {
      now += passed;
      await expect(decode(RECORD)).rejects.toThrow('schema 7');
    }
    now += 200;
    expect(verdict(await decode(RECORD))).toBe('schema_not_found');
    now += 500;
    expect(verdict(await decode(RECORD))).toBe('schema_not_found');
    expect(registry.asked).toHaveLength(5);
  });

  test('is read as soon as it has the schema', async () => {
    const registry = await scriptedRegistry();
    let now = 0;
    const { decode } = createDecoder(registry, () => now);
    await expect(decode(RECORD)).rejects.toThrow('schema 7');
    registry.put(ID, PAYMENT_FINAL);
    now += 300;
    expect(verdict(await decode(RECORD))).toEqual(EVENT);
  });

  test('is asked again after a second where it was believed, and not waited for twice', async () => {
    const registry = await scriptedRegistry();
    let now = 0;
    const { decode } = createDecoder(registry, () => now);
    await expect(decode(RECORD)).rejects.toThrow('schema 7');
    now += 5_000;
    expect(verdict(await decode(RECORD))).toBe('schema_not_found');
    now += 1_000;
    expect(verdict(await decode(RECORD))).toBe('schema_not_found');
    expect(registry.asked).toHaveLength(3);
    registry.put(ID, PAYMENT_FINAL);
    now += 1_000;
    expect(verdict(await decode(RECORD))).toEqual(EVENT);
  });

  test('records that ask at once share one request', async () => {
    const registry = await scriptedRegistry();
    registry.put(ID, PAYMENT_FINAL);
    const { decode } = createDecoder(registry);
    const all = await Promise.all([1, 2, 3].map(() => decode(RECORD)));
    expect(all.map(verdict)).toEqual([EVENT, EVENT, EVENT]);
    expect(registry.asked).toEqual([AT_7]);
  });

  test('ids that no registry gives are not asked for', async () => {
    const registry = await scriptedRegistry();
    const { decode } = createDecoder(registry);
    for (const id of [0, -1, -(2 ** 31)]) {
      expect(verdict(await decode(framed(id, Buffer.alloc(0))))).toBe('schema_not_found');
    }
    expect(registry.asked).toEqual([]);
  });
});

test('the registry is there if it answers, whatever it knows', async () => {
  const registry = await scriptedRegistry();
  await createDecoder(registry).ping();
  registry.answers.set('/schemas/ids/0', { status: 401, body: {} });
  await expect(createDecoder(registry).ping()).rejects.toMatchObject({ status: 401 });
});
