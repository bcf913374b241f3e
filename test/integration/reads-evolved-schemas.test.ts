import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';
import { beforeAll, expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { keepLedger } from '../support/ledger.ts';
import { avroBytes, framed, register } from '../support/schemas.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { World } from '../support/world.ts';
import { WRITER_CASES, withPaymentId } from '../support/writers.ts';

const { CompressionTypes } = kafkajs;

type Field = Readonly<Record<string, unknown>> & { readonly name: string };
interface RecordSchema {
  readonly [name: string]: unknown;
  readonly fields: readonly Field[];
}

const OURS = JSON.parse(
  readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8'),
) as RecordSchema;
const [PAYMENT_ID, REQUEST_ID, TIME, RESULT] = OURS.fields as [Field, Field, Field, Field];
const RESULT_TYPE = RESULT['type'] as RecordSchema;
const [STATUS, CODE, MESSAGE] = RESULT_TYPE.fields as [Field, Field, Field];

/** One writer's schema and value; `sent` is what of it must reach the gateway. */
interface Writer {
  readonly name: string;
  /** The name where it is not given. */
  readonly paymentId?: string;
  readonly schema: unknown;
  /** Bytes are taken as they are. */
  readonly value: object | Buffer;
  readonly sent: object;
}

const NOON = Date.UTC(2026, 8, 21, 12);
const SUCCESS = { resultStatus: 'S', resultCode: 'SUCCESS', resultMessage: 'success' };
const FAILURE = { resultStatus: 'F', resultCode: 'EXPIRED_CODE', resultMessage: null };
const SENT_RESULT = { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success' };
const SENT_FAILURE = { resultCode: 'EXPIRED_CODE', resultStatus: 'F' };
const sent = { paymentResult: SENT_RESULT, paymentRequestId: 'REQ', paymentTime: '2026-09-21T12:00:00+00:00' };
const value = { paymentRequestId: 'REQ', paymentTime: NOON, paymentResult: SUCCESS };

const WRITERS: Writer[] = [
  { name: 'ours', schema: OURS, value, sent },
  { name: 'another-namespace', schema: { ...OURS, namespace: 'com.acquirer.events.v2' }, value, sent },
  { name: 'no-namespace', schema: without(OURS, 'namespace'), value, sent },
  {
    name: 'namespaces-within',
    schema: writer([
      PAYMENT_ID,
      REQUEST_ID,
      TIME,
      result([status({ namespace: 'a.b' }), CODE, MESSAGE], { namespace: 'c' }),
    ]),
    value,
    sent,
  },
  {
    name: 'added-fields',
    schema: writer([
      { name: 'first', type: 'string' },
      PAYMENT_ID,
      { name: 'tags', type: { type: 'map', values: { type: 'array', items: 'double' } } },
      REQUEST_ID,
      TIME,
      result([
        { name: 'detail', type: { type: 'record', name: 'Detail', fields: [{ name: 'raw', type: 'bytes' }] } },
        STATUS,
        CODE,
        MESSAGE,
      ]),
      { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: ['WEB', 'POS'] } },
      { name: 'last', type: ['null', { type: 'fixed', name: 'Sixteen', size: 16 }] },
    ]),
    value: {
      ...value,
      ...{ first: 'f', tags: { a: [1.5, 2] }, channel: 'POS', last: Buffer.alloc(16) },
      paymentResult: { ...SUCCESS, detail: { raw: Buffer.from('raw') } },
    },
    sent,
  },
  { name: 'reordered', schema: writer([result([MESSAGE, CODE, STATUS]), TIME, PAYMENT_ID, REQUEST_ID]), value, sent },
  {
    name: 'nothing-nullable',
    schema: writer([PAYMENT_ID, result([STATUS, CODE])]),
    value: { paymentResult: FAILURE },
    sent: { paymentResult: SENT_FAILURE },
  },
  {
    name: 'never-null',
    schema: writer([
      PAYMENT_ID,
      { name: 'paymentRequestId', type: 'string' },
      { name: 'paymentTime', type: 'long' },
      result([STATUS, CODE, { name: 'resultMessage', type: 'string' }]),
    ]),
    value,
    sent,
  },
  {
    name: 'null-last',
    schema: writer([PAYMENT_ID, field('paymentRequestId', 'string', 'null'), TIME, RESULT]),
    value,
    sent,
  },
  {
    name: 'plain-long',
    schema: writer([PAYMENT_ID, REQUEST_ID, field('paymentTime', 'null', 'long'), RESULT]),
    value,
    sent,
  },
  {
    name: 'unknown-logical-types',
    schema: writer([
      { name: 'paymentId', type: { type: 'string', logicalType: 'payment-id' } },
      field('paymentRequestId', 'null', { type: 'string', logicalType: 'uuid' }),
      field('paymentTime', 'null', { type: 'long', logicalType: 'epoch' }),
      RESULT,
    ]),
    value,
    sent,
  },
  {
    name: 'java-strings',
    schema: writer([
      { name: 'paymentId', type: { type: 'string', 'avro.java.string': 'String' } },
      field('paymentRequestId', 'null', { type: 'string', 'avro.java.string': 'String' }),
      TIME,
      result([
        STATUS,
        { name: 'resultCode', type: { type: 'string', 'avro.java.string': 'String' } },
        field('resultMessage', 'null', { type: 'string', 'avro.java.string': 'String' }),
      ]),
    ]),
    value,
    sent,
  },
  {
    name: 'bytes-as-text',
    schema: writer([PAYMENT_ID, REQUEST_ID, TIME, result([STATUS, { name: 'resultCode', type: 'bytes' }, MESSAGE])]),
    value: { ...value, paymentResult: { ...SUCCESS, resultCode: Buffer.from('SUCCESS') } },
    sent,
  },
  {
    name: 'fewer-symbols',
    schema: writer([PAYMENT_ID, REQUEST_ID, TIME, result([status({ symbols: ['S', 'F'] }), CODE, MESSAGE])]),
    value,
    sent,
  },
  {
    name: 'symbols-reordered',
    schema: writer([PAYMENT_ID, REQUEST_ID, TIME, result([status({ symbols: ['U', 'F', 'S'] }), CODE, MESSAGE])]),
    value,
    sent,
  },
  {
    name: 'more-symbols',
    schema: writer([PAYMENT_ID, REQUEST_ID, TIME, result([status({ symbols: ['PENDING', 'S', 'F'] }), CODE, MESSAGE])]),
    value,
    sent,
  },
  {
    name: 'more-branches',
    schema: writer([PAYMENT_ID, field('paymentRequestId', 'null', 'long', 'string'), TIME, RESULT]),
    value,
    sent,
  },
  {
    name: 'a-union-around-it',
    schema: ['null', OURS],
    value,
    sent,
  },
  ...[
    'another-event-of-the-union/payment',
    'types-shared-in-the-union/payment',
    'empty-namespace/inner-record',
    'schema-the-library-refuses/letter-in-a-name',
    'schema-the-library-refuses/union-default',
  ].map((name, number) => asFound(name, `W-${number}`)),
  ...['units-of-the-time/timestamp-micros', 'units-of-the-time/timestamp-nanos'].map((name, number) => {
    return asFound(name, `T-${number}`, { paymentTime: '2026-09-21T14:13:20+00:00' });
  }),
];

let world: World;
let service: ServiceProcess;

beforeAll(async () => {
  kafkajs.CompressionCodecs[CompressionTypes.Snappy] = snappy;
  const [shared, end] = await World.shared({ partitions: 2 });
  world = shared;
  for (const [number, writer] of WRITERS.entries()) {
    const id = await register(
      `${number % 2 === 0 ? world.source : 'elsewhere'}-${writer.name.replace('/', '-')}-value`,
      writer.schema,
    );
    const { value, paymentId = writer.name } = writer;
    const bytes = Buffer.isBuffer(value) ? value : avroBytes(writer.schema, { paymentId, ...value });
    await world.writeRaw(0, [{ paymentId, key: paymentId, value: framed(id, bytes) }]);
  }
  service = await world.start();
  await world.settled();
  return end;
});

test.each(WRITERS)('$name', ({ name, paymentId = name, sent }) => {
  const bodies = world.simulator.requests().filter((request) => request.paymentId === paymentId);
  expect(bodies.map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ ...sent, paymentId }]);
});

/** Compressed by this client; the other codecs come from the broker below. */
const BY_CLIENT = [
  { codec: 'none', type: CompressionTypes.None },
  { codec: 'gzip', type: CompressionTypes.GZIP },
  { codec: 'snappy, unframed', type: CompressionTypes.Snappy },
];

test.each(BY_CLIENT)('records compressed by their producer: $codec', async ({ codec, type }) => {
  await world.write(1, ids(codec, 200), { compression: type });
  await world.settled();
  expect(sentIds(world, codec)).toEqual(ids(codec, 200));
});

test('everything was delivered once, in order', async () => {
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.deadLettered).toEqual([]);
  expect(ledger.delivered).toHaveLength(world.written.length);
  expect(service.running).toBe(true);
});

/** The broker writes what it gets anew with its own codec, as every Java producer would. */
test.each(['gzip', 'snappy', 'lz4', 'zstd'])("records compressed by Kafka's own %s", async (codec) => {
  const java = await World.create({ partitions: 1, topicConfig: { 'compression.type': codec } });
  await java.write(0, ids(codec, 1));
  await java.writeRaw(
    0,
    ids(`${codec}-many`, 300).map((id) => ({ paymentId: id, key: id, value: long(java, id) })),
  );
  await java.start();
  await java.settled();
  expect(sentIds(java, codec)).toEqual([...ids(codec, 1), ...ids(`${codec}-many`, 300)]);
  const ledger = await keepLedger(java);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toHaveLength(301);
});

/** So that one batch takes more than one block of every codec. */
function long(world: World, paymentId: string): Buffer {
  const event = sampleEvent(paymentId, true);
  const resultMessage = randomBytes(125).toString('hex');
  return world.encode({ ...event, paymentResult: { ...event.paymentResult, resultMessage } });
}

function ids(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${prefix}-${number}`);
}

function sentIds({ simulator }: World, prefix: string): string[] {
  const all = simulator.requests().map(({ paymentId }) => paymentId);
  return all.filter((paymentId) => paymentId.startsWith(`${prefix}-`));
}

/** A failed payment out of `test/support/writers`, under an id of its own. */
function asFound(name: string, paymentId: string, more: object = {}): Writer {
  const { schema, bytes } = WRITER_CASES.get(name)!;
  const sent = { paymentResult: { resultCode: 'RISK_REJECT', resultStatus: 'F' }, ...more };
  return { name, paymentId, schema, value: withPaymentId(bytes, paymentId), sent };
}

function writer(fields: readonly Field[]): RecordSchema {
  return { ...OURS, fields };
}

function result(fields: readonly Field[], changes: object = {}): Field {
  return { ...RESULT, type: { ...RESULT_TYPE, ...changes, fields } };
}

function status(changes: object): Field {
  return { ...STATUS, type: { ...(STATUS['type'] as object), ...changes } };
}

function field(name: string, ...branches: unknown[]): Field {
  return { name, type: branches };
}

function without(schema: RecordSchema, name: string): RecordSchema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== name)) as unknown as RecordSchema;
}
