import { describe, expect, test } from 'vitest';
import { MalformedBytes } from '../../../../src/kafka/avro/cursor.ts';
import { createEventReader } from '../../../../src/kafka/avro/projection.ts';
import { parseWriterSchema, SchemaMismatch } from '../../../../src/kafka/avro/writer-schema.ts';
import type { PaymentFinal } from '../../../../src/core/event.ts';
import { avroLong } from '../../../support/avro-bytes.ts';

type Field = readonly [name: string, type: unknown];
const record = (name: string, ...fields: Field[]): object => {
  return { type: 'record', name, fields: fields.map(([name, type]) => ({ name, type })) };
};
const STATUS = { type: 'enum', name: 'ResultStatus', symbols: ['S', 'F', 'U'] };
const RESULT = record('PaymentResult', ['resultStatus', STATUS], ['resultCode', 'string']);
const PAYMENT: Field[] = [
  ['paymentId', 'string'],
  ['paymentResult', RESULT],
];
const RESULT_BYTES = [0x02, 0x02, 0x43];
const BYTES = Buffer.from([0x02, 0x50, ...RESULT_BYTES]);
const EVENT: PaymentFinal = {
  paymentId: 'P',
  paymentRequestId: null,
  paymentTime: null,
  paymentResult: { resultStatus: 'F', resultCode: 'C', resultMessage: null },
};

const reader = (schema: unknown): ((bytes: Buffer) => PaymentFinal) => {
  return createEventReader(parseWriterSchema(JSON.stringify(schema)));
};
const read = (schema: unknown, ...bytes: (Buffer | number[])[]): PaymentFinal => {
  return reader(schema)(Buffer.concat(bytes.map((part) => Buffer.from(part))));
};
/** Our event with another type for one of its fields. */
const withField = (name: string, type: unknown): object => {
  return record('PaymentFinal', ...PAYMENT.map(([own, kind]): Field => [own, own === name ? type : kind]));
};
const withStatus = (status: object): object => {
  return withField('paymentResult', record('PaymentResult', ['resultStatus', status], ['resultCode', 'string']));
};
const named = (schema: object, more: object): object => ({ ...schema, ...more });

test('the least that is an event', () => {
  expect(read(record('PaymentFinal', ...PAYMENT), BYTES)).toEqual(EVENT);
});

describe('names are compared without their namespaces', () => {
  const event = record('PaymentFinal', ...PAYMENT);
  test.each([
    ['a namespace', named(event, { namespace: 'a.b.c' })],
    ['a namespace in the name', named(event, { name: 'a.b.PaymentFinal' })],
    ['none', event],
    ['the empty one', named(event, { namespace: '' })],
    ['the empty one in the name', named(event, { name: '.PaymentFinal' })],
    [
      'the empty one within another',
      named(withField('paymentResult', named(RESULT, { namespace: '' })), { namespace: 'a' }),
    ],
    ['the empty one of an enum', named(withStatus(named(STATUS, { namespace: '' })), { namespace: 'a' })],
    ['another within', named(withField('paymentResult', named(RESULT, { namespace: 'z' })), { namespace: 'a' })],
  ])('%s', (_, schema) => {
    expect(read(schema, BYTES)).toEqual(EVENT);
  });

  test.each([
    ['another event', named(event, { name: 'RefundFinal' })],
    ["another event with an alias, which is the writer's", named(event, { name: 'X', aliases: ['PaymentFinal'] })],
    ['another result', withField('paymentResult', named(RESULT, { name: 'RefundResult' }))],
    ['another status', withStatus(named(STATUS, { name: 'RefundStatus' }))],
    ['a name that only ends alike', named(event, { name: 'NoPaymentFinal' })],
  ])('%s is not ours', (_, schema) => {
    expect(() => reader(schema)).toThrow(SchemaMismatch);
  });
});

describe('a named type is what stands under its full name', () => {
  const enumOf = (...symbols: string[]): object => ({ type: 'enum', name: 'ResultStatus', symbols });
  test.each<[name: string, schema: object, bytes: number[]]>([
    [
      'defined in a field that is not read',
      record('PaymentFinal', ['x', RESULT], ['paymentId', 'string'], ['paymentResult', 'PaymentResult']),
      [0x00, 0x00, 0x02, 0x50, ...RESULT_BYTES],
    ],
    [
      'defined behind its use, as Java takes it',
      record('PaymentFinal', ['paymentId', 'string'], ['paymentResult', 'PaymentResult'], ['x', RESULT]),
      [0x02, 0x50, ...RESULT_BYTES, 0x00, 0x00],
    ],
    [
      'named as a type of its own',
      record('PaymentFinal', ['x', RESULT], ['paymentId', 'string'], ['paymentResult', { type: 'PaymentResult' }]),
      [0x00, 0x00, 0x02, 0x50, ...RESULT_BYTES],
    ],
    [
      'in no namespace, named from within one',
      named(
        record(
          'PaymentFinal',
          ['x', named(RESULT, { namespace: '' })],
          ['paymentId', 'string'],
          ['paymentResult', 'PaymentResult'],
        ),
        { namespace: 'a' },
      ),
      [0x00, 0x00, 0x02, 0x50, ...RESULT_BYTES],
    ],
    [
      'of the namespace around it, rather than of none',
      named(
        record(
          'PaymentFinal',
          ['x', named(enumOf('U', 'S', 'F'), { namespace: '' })],
          ['y', enumOf('S', 'F')],
          ['paymentId', 'string'],
          ['paymentResult', record('PaymentResult', ['resultStatus', 'ResultStatus'], ['resultCode', 'string'])],
        ),
        { namespace: 'a' },
      ),
      [0x00, 0x00, 0x02, 0x50, ...RESULT_BYTES],
    ],
  ])('%s', (_, schema, bytes) => {
    expect(read(schema, bytes)).toEqual(EVENT);
  });
});

describe('a union is the branch that the bytes select', () => {
  const event = record('PaymentFinal', ...PAYMENT);
  const refund = record('RefundFinal', ['paymentId', 'string'], ['paymentResult', 'PaymentResult']);

  test('around the event', () => {
    expect(read(['null', event, refund], [0x02], BYTES)).toEqual(EVENT);
    expect(() => read(['null', event, refund], [0x00])).toThrow(SchemaMismatch);
    expect(() => read(['null', event, refund], [0x04], BYTES)).toThrow(SchemaMismatch);
    expect(() => read(['null', event, refund], [0x06], BYTES)).toThrow(MalformedBytes);
  });

  test('of results with the same fields', () => {
    const other = record('RefundResult', ['resultStatus', 'ResultStatus'], ['resultCode', 'string']);
    const schema = withField('paymentResult', [RESULT, other]);
    expect(read(schema, [0x02, 0x50, 0x00, ...RESULT_BYTES])).toEqual(EVENT);
    expect(() => read(schema, [0x02, 0x50, 0x02, ...RESULT_BYTES])).toThrow(SchemaMismatch);
  });

  test('of a text and something else', () => {
    const schema = withField('paymentId', ['null', 'long', 'string', 'bytes']);
    for (const branch of [0x04, 0x06]) expect(read(schema, [branch], BYTES)).toEqual(EVENT);
    expect(() => read(schema, [0x00], RESULT_BYTES)).toThrow(SchemaMismatch);
    expect(() => read(schema, [0x02, 0x02], RESULT_BYTES)).toThrow(SchemaMismatch);
  });

  test.each([
    ['without an event', ['null', 'string', refund]],
    ['without branches', []],
  ])('%s it is refused as a whole', (_, schema) => {
    expect(() => reader(schema)).toThrow(SchemaMismatch);
  });
});

describe('what Avro does not turn into ours is refused, once for all its records', () => {
  const fixed = { type: 'fixed', name: 'Id', size: 1 };
  test.each<[field: string, type: unknown]>([
    ['paymentId', fixed],
    ['paymentId', { ...fixed, logicalType: 'uuid' }],
    ['paymentId', 'long'],
    ['paymentId', 'null'],
    ['paymentId', { type: 'enum', name: 'Id', symbols: ['P'] }],
    ['paymentId', { type: 'array', items: 'string' }],
    ['paymentResult', { type: 'map', values: 'string' }],
    ['paymentResult', 'string'],
  ])('%s: %j', (field, type) => {
    expect(() => reader(withField(field, type))).toThrow(SchemaMismatch);
    expect(() => reader(withField(field, type))).toThrow(field);
  });

  test.each(PAYMENT.map(([name]) => name))('no %s', (name) => {
    const fields = PAYMENT.filter(([own]) => own !== name);
    expect(() => reader(record('PaymentFinal', ...fields))).toThrow(name);
  });
});

describe('symbols', () => {
  test('are found by their text', () => {
    expect(read(withStatus({ ...STATUS, symbols: ['constructor', 'F'] }), BYTES)).toEqual(EVENT);
  });

  test('that are not ours refuse only the records that hold them', () => {
    const schema = withStatus({ ...STATUS, symbols: ['PENDING', 'F'], default: 'F' });
    expect(read(schema, BYTES)).toEqual(EVENT);
    expect(() => read(schema, [0x02, 0x50, 0x00, 0x02, 0x43])).toThrow(SchemaMismatch);
    expect(() => read(schema, [0x02, 0x50, 0x04, 0x02, 0x43])).toThrow(MalformedBytes);
  });
});

describe('the time', () => {
  const withTime = (type: unknown): object => record('PaymentFinal', ...PAYMENT, ['paymentTime', type]);
  const SOME = 1_790_000_000_123n;
  test.each<[type: unknown, value: bigint]>([
    ['long', SOME],
    [{ type: 'long', logicalType: 'timestamp-millis' }, SOME],
    [{ type: 'long', logicalType: 'timestamp-micros' }, SOME * 1_000n + 999n],
    [{ type: 'long', logicalType: 'timestamp-nanos' }, SOME * 1_000_000n + 999_999n],
    [{ type: 'long', logicalType: 'of-tomorrow' }, SOME],
    [{ type: 'long', logicalType: 7 }, SOME],
    [{ type: 'long', logicalType: 'constructor' }, SOME],
  ])('%j: %i', (type, value) => {
    expect(read(withTime(type), BYTES, avroLong(value))).toEqual({ ...EVENT, paymentTime: Number(SOME) });
    expect(read(withTime(['null', type]), BYTES, [0x02], avroLong(value)).paymentTime).toBe(Number(SOME));
    expect(read(withTime(['null', type]), BYTES, [0x00])).toEqual(EVENT);
  });

  test.each([
    { type: 'int', logicalType: 'date' },
    { type: 'int', logicalType: 'time-millis' },
    { type: 'long', logicalType: 'time-micros' },
    { type: 'long', logicalType: 'time-nanos' },
    { type: 'long', logicalType: 'local-timestamp-millis' },
    { type: 'long', logicalType: 'local-timestamp-micros' },
    { type: 'long', logicalType: 'local-timestamp-nanos' },
    'string',
    'double',
  ])('%j is no instant', (type) => {
    expect(() => reader(withTime(type))).toThrow(SchemaMismatch);
    expect(() => reader(withTime(type))).toThrow('paymentTime');
    expect(() => read(withTime(['null', type]), BYTES, [0x02, 0x00])).toThrow(SchemaMismatch);
    expect(read(withTime(['null', type]), BYTES, [0x00])).toEqual(EVENT);
  });
});

test('an int is read as a long, and an error as a record', () => {
  const fields: Field[] = [...PAYMENT, ['paymentTime', 'int']];
  const schema = { ...record('PaymentFinal', ...fields), type: 'error' };
  expect(read(schema, BYTES, avroLong(-5n))).toEqual({ ...EVENT, paymentTime: -5 });
});

test('bytes that are left over, or missing, are no event', () => {
  const schema = record('PaymentFinal', ...PAYMENT);
  expect(() => read(schema, BYTES, [0x00])).toThrow(MalformedBytes);
  for (let length = 0; length < BYTES.length; length += 1) {
    expect(() => read(schema, BYTES.subarray(0, length))).toThrow(MalformedBytes);
  }
});

test('each event is a value of its own', () => {
  const readEvent = reader(record('PaymentFinal', ...PAYMENT));
  const [one, other] = [readEvent(BYTES), readEvent(BYTES)];
  expect(one).not.toBe(other);
  expect(one.paymentResult).not.toBe(other.paymentResult);
});

describe('what cannot be read says what it is, and what was wanted', () => {
  test.each<[string, unknown, string]>([
    ['another type', withField('paymentId', 'long'), "the writer's long cannot be read as string"],
    ['another record', record('RefundFinal', ...PAYMENT), "the writer's record RefundFinal cannot be read as"],
    [
      'a day',
      record('PaymentFinal', ...PAYMENT, ['paymentTime', { type: 'int', logicalType: 'date' }]),
      'a date is no',
    ],
    ['nothing', [], 'a union has no branches'],
  ])('%s', (_, schema, message) => {
    expect(() => reader(schema)).toThrow(message);
  });

  test('a symbol that is not ours', () => {
    const schema = withStatus({ ...STATUS, symbols: ['PENDING', 'F'] });
    expect(() => read(schema, [0x02, 0x50, 0x00, 0x02, 0x43])).toThrow("the writer's enum ResultStatus is PENDING");
  });

  test('a logical type that only sounds like a day is read as the number it is', () => {
    const time = { type: 'int', logicalType: 'date-of-tomorrow' };
    expect(read(record('PaymentFinal', ...PAYMENT, ['paymentTime', time]), BYTES, [0x02]).paymentTime).toBe(1);
  });
});
