import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IHeaders } from 'kafkajs';
import { beforeAll, expect, inject, test } from 'vitest';
import { runKafkaTool } from '../../deploy/local/kafka-tool.ts';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import type { PaymentFinal } from '../../src/core/event.ts';
import { readOutcome } from '../../src/inspect/outcome.ts';
import { makeTopics } from '../support/make-topics.ts';
import { keepLedger } from '../support/ledger.ts';
import { avroLong } from '../support/avro-bytes.ts';
import { avroBytes, framed, register } from '../support/schemas.ts';
import type { StoredRecord } from '../support/topic-reader.ts';
import { OUTCOMES, World } from '../support/world.ts';
import { WRITER_CASES } from '../support/writers.ts';

/** One record that must end among the dead letters as it is. */
interface Poison {
  readonly name: string;
  /** A function where it takes ids of schemas registered for this run. */
  readonly value: Buffer | null | (() => Buffer);
  readonly key?: Buffer | null;
  readonly headers?: IHeaders;
  readonly timestamp?: number;
  readonly reason: 'undecodable' | 'invalid_event';
  readonly detail: string;
}

const SCHEMA = JSON.parse(
  readFileSync(new URL('../../schemas/payment-final.avsc', import.meta.url), 'utf8'),
) as unknown;
const RESULT = { type: 'record', name: 'PaymentResult', fields: [] as unknown[] };
const MINIMAL_RESULT = {
  ...RESULT,
  fields: [
    { name: 'resultStatus', type: { type: 'enum', name: 'ResultStatus', symbols: ['F'] } },
    { name: 'resultCode', type: 'string' },
  ],
};
const STRANGE_SCHEMAS = {
  withoutPaymentId: { type: 'record', name: 'PaymentFinal', fields: [{ name: 'paymentResult', type: RESULT }] },
  primitive: { type: 'string' },
  inBytes: {
    type: 'record',
    name: 'PaymentFinal',
    fields: [
      { name: 'paymentId', type: 'bytes' },
      { name: 'paymentResult', type: MINIMAL_RESULT },
    ],
  },
  otherType: { type: 'record', name: 'PaymentFinal', fields: [{ name: 'paymentId', type: 'int' }] },
  tagged: {
    type: 'record',
    name: 'PaymentFinal',
    fields: [
      { name: 'flags', type: { type: 'array', items: 'boolean' } },
      { name: 'tags', type: { type: 'map', values: 'null' } },
      { name: 'nothing', type: { type: 'array', items: 'null' } },
      {
        name: 'history',
        type: { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] },
      },
      { name: 'paymentId', type: 'string' },
      { name: 'paymentResult', type: MINIMAL_RESULT },
    ],
  },
  enumId: {
    type: 'record',
    name: 'PaymentFinal',
    fields: [
      { name: 'paymentId', type: { type: 'enum', name: 'Id', symbols: ['A'] } },
      { name: 'paymentResult', type: MINIMAL_RESULT },
    ],
  },
};
const ids = {} as Record<keyof typeof STRANGE_SCHEMAS | 'ours' | 'json' | 'protobuf', number>;

const FOUND = [...WRITER_CASES.values()].filter(({ name }) => /refund|fixed|date/.test(name));
const foundIds = new Map<string, number>();

const FAILED = sampleEvent('poison', false);
const SUCCEEDED = sampleEvent('poison', true);

function event(
  changes: Partial<Omit<PaymentFinal, 'paymentResult'>>,
  result: Partial<PaymentFinal['paymentResult']> = {},
) {
  const base = result.resultStatus === 'F' ? FAILED : SUCCEEDED;
  return () => world.encode({ ...base, ...changes, paymentResult: { ...base.paymentResult, ...result } });
}

/** Our schema's id, then these bytes. */
function ours(...bytes: (Buffer | number[])[]): () => Buffer {
  return () => framed(ids.ours, Buffer.concat(bytes.map((part) => Buffer.from(part))));
}

const good = avroBytes(SCHEMA, FAILED);
/** A long of nine groups of seven bits: 2^62, which no JavaScript number tells exactly. */
const HUGE_LONG = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];

const UNDECODABLE: Poison[] = [
  { name: 'a tombstone', value: null, reason: 'undecodable', detail: 'tombstone' },
  { name: 'an empty value', value: Buffer.alloc(0), reason: 'undecodable', detail: 'magic' },
  ...[1, 2, 3, 4].map((length): Poison => {
    return { name: `${length} byte(s)`, value: Buffer.alloc(length), reason: 'undecodable', detail: 'magic' };
  }),
  { name: 'another magic byte', value: Buffer.from([1, 0, 0, 0, 1, 2]), reason: 'undecodable', detail: 'magic' },
  { name: 'text', value: Buffer.from('{"paymentId":"P"}'), reason: 'undecodable', detail: 'magic' },
  { name: 'an unknown schema', value: framed(9_999_999, good), reason: 'undecodable', detail: 'schema_not_found' },
  { name: 'schema 0', value: framed(0, good), reason: 'undecodable', detail: 'schema_not_found' },
  { name: 'a negative schema id', value: framed(-1, good), reason: 'undecodable', detail: 'schema_not_found' },
  { name: 'no Avro at all', value: ours([]), reason: 'undecodable', detail: 'bytes' },
  { name: 'truncated Avro', value: ours(good.subarray(0, -3)), reason: 'undecodable', detail: 'bytes' },
  { name: 'trailing bytes', value: ours(good, [0]), reason: 'undecodable', detail: 'bytes' },
  { name: 'no such branch', value: ours([2, 0x41, 0x08]), reason: 'undecodable', detail: 'bytes' },
  { name: 'no such symbol', value: ours([2, 0x41, 0, 0, 0x0e, 2, 0x41, 0]), reason: 'undecodable', detail: 'bytes' },
  { name: 'a text without end', value: ours(HUGE_LONG), reason: 'undecodable', detail: 'bytes' },
  { name: 'a text of length -1', value: ours([1]), reason: 'undecodable', detail: 'bytes' },
  {
    name: 'a time past 2^53',
    value: ours([2, 0x41, 0, 2], HUGE_LONG, [2, 2, 0x41, 0]),
    reason: 'undecodable',
    detail: 'bytes',
  },
  ...Object.entries({
    'a payment id that is not UTF-8': [4, 0xc3, 0x28, 0, 0, 2, 2, 0x41, 0],
    'a payment id with an overlong zero': [4, 0xc0, 0x80, 0, 0, 2, 2, 0x41, 0],
    'a payment id with half a surrogate': [6, 0xed, 0xa0, 0x80, 0, 0, 2, 2, 0x41, 0],
    'a code that is not UTF-8': [2, 0x41, 0, 0, 2, 2, 0xff, 0],
    'a request id that is not UTF-8': [2, 0x41, 2, 2, 0xff, 0, 2, 2, 0x41, 0],
    'a message cut within a character': [2, 0x41, 0, 0, 2, 2, 0x41, 2, 6, 0xf0, 0x9f, 0x92],
  }).map(([name, bytes]): Poison => ({ name, value: ours(bytes), reason: 'undecodable', detail: 'bytes' })),
  {
    name: 'a payment id in bytes that are not UTF-8',
    value: () => framed(ids.inBytes, Buffer.from([4, 0xc3, 0x28, 0, 2, 0x41])),
    reason: 'undecodable',
    detail: 'bytes',
  },
  {
    name: 'a schema without the payment id',
    value: () => framed(ids.withoutPaymentId, Buffer.alloc(0)),
    reason: 'undecodable',
    detail: 'schema_mismatch',
  },
  { name: 'a JSON schema', value: () => framed(ids.json, good), reason: 'undecodable', detail: 'schema_mismatch' },
  {
    name: 'Protocol Buffers',
    value: () => framed(ids.protobuf, good),
    reason: 'undecodable',
    detail: 'schema_mismatch',
  },
  { name: 'a primitive', value: () => framed(ids.primitive, good), reason: 'undecodable', detail: 'schema_mismatch' },
  { name: 'another type', value: () => framed(ids.otherType, good), reason: 'undecodable', detail: 'schema_mismatch' },
  {
    name: 'an enum for a text',
    value: () => framed(ids.enumId, good),
    reason: 'undecodable',
    detail: 'schema_mismatch',
  },
  ...Object.entries({
    'an array of 2^60 items': [HUGE_LONG],
    'an array of -2^60 items': [avroLong(-(2n ** 60n)), [0]],
    'a block of -1 bytes': [[0x01, 0x01, 0x00]],
    'a block of 2^60 bytes': [[0x01], HUGE_LONG],
    'a million items in ten bytes': [avroLong(1_000_000n), Buffer.alloc(10)],
    'a map of 2^60 entries': [[0], HUGE_LONG],
    'an array of 2^60 nulls': [[0, 0], HUGE_LONG],
    'blocks of nulls without an end': [[0, 0], Buffer.alloc(100_000, 2)],
    'a list of 500,000 nodes': [[0, 0, 0], Buffer.alloc(500_000, 2)],
  }).map(([name, parts]): Poison => {
    const value = (): Buffer => framed(ids.tagged, Buffer.concat(parts.map((part) => Buffer.from(part))));
    return { name, value, reason: 'undecodable', detail: 'bytes' };
  }),
  ...FOUND.map(({ name, bytes }): Poison => {
    return { name, value: () => framed(foundIds.get(name)!, bytes), reason: 'undecodable', detail: 'schema_mismatch' };
  }),
];

const INVALID: Poison[] = [
  { name: 'an id of 1 MB', value: event({ paymentId: 'p'.repeat(1_000_000) }), detail: 'paymentId' },
  { name: 'U', value: event({}, { resultStatus: 'U' }), detail: 'paymentResult.resultStatus' },
  { name: 'S with a code of F', value: event({}, { resultCode: 'RISK_REJECT' }), detail: 'paymentResult.resultCode' },
  { name: 'S without a code', value: event({}, { resultCode: '' }), detail: 'paymentResult.resultCode' },
  {
    name: 'F without a code',
    value: event({}, { resultStatus: 'F', resultCode: '' }),
    detail: 'paymentResult.resultCode',
  },
  {
    name: 'a code of 65',
    value: event({}, { resultStatus: 'F', resultCode: 'X'.repeat(65) }),
    detail: 'paymentResult.resultCode',
  },
  {
    name: 'a message of 257',
    value: event({}, { resultMessage: 'm'.repeat(257) }),
    detail: 'paymentResult.resultMessage',
  },
  {
    name: 'a message of 257 emoji',
    value: event({}, { resultMessage: '💸'.repeat(257) }),
    detail: 'paymentResult.resultMessage',
  },
  { name: 'S without a request id', value: event({ paymentRequestId: null }), detail: 'paymentRequestId' },
  { name: 'S with an empty request id', value: event({ paymentRequestId: '' }), detail: 'paymentRequestId' },
  {
    name: 'F with a request id of 65',
    value: event({ paymentRequestId: 'r'.repeat(65) }, { resultStatus: 'F' }),
    detail: 'paymentRequestId',
  },
  { name: 'S without a time', value: event({ paymentTime: null }), detail: 'paymentTime' },
  { name: 'a time before 1970', value: event({ paymentTime: -1 }), detail: 'paymentTime' },
  { name: 'a time in seconds', value: event({ paymentTime: 1_790_000_000 }), detail: 'paymentTime' },
  {
    name: 'the last moment of 2014',
    value: event({ paymentTime: Date.UTC(2015, 0, 1) - 1 }, { resultStatus: 'F' }),
    detail: 'paymentTime',
  },
  { name: 'a time past 9999', value: event({ paymentTime: 253_402_300_800_000 }), detail: 'paymentTime' },
  { name: 'no payment id', value: event({ paymentId: '' }), detail: 'paymentId' },
  { name: 'a payment id of 65', value: event({ paymentId: 'p'.repeat(65) }), detail: 'paymentId' },
  { name: 'a payment id of 65 emoji', value: event({ paymentId: '💸'.repeat(65) }), detail: 'paymentId' },
].map((row) => ({ ...row, reason: 'invalid_event' as const }));

const ODD: Poison[] = [
  { name: 'a null key', key: null },
  { name: 'an empty key', key: Buffer.alloc(0) },
  { name: 'a binary key', key: Buffer.from([0xff, 0xfe, 0x00, 0x80]) },
  { name: 'a key of 1 MB', key: Buffer.alloc(1_000_000, 'k') },
  { name: 'binary headers', headers: { binary: Buffer.from([0x00, 0xff, 0xc3, 0x28]), several: ['a', 'b', 'a'] } },
  { name: 'a header of 100 KB', headers: { large: 'h'.repeat(100_000) } },
  { name: 'an empty header', headers: { empty: '' } },
  { name: 'an empty header name', headers: { '': 'nameless', ünïcödé: 'ü' } },
  { name: 'a header of 64 KiB', headers: { large: Buffer.alloc(65_536, 0) } },
  { name: 'a thousand headers', headers: Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`h-${n}`, 'x'])) },
  { name: 'control characters in a header', headers: { 'x\r\nInjected: 1\0': 'y\r\n\r\nGET / HTTP/1.1' } },
  { name: 'a header name of 30 KB', headers: { ['n'.repeat(30_000)]: 'v' } },
  { name: 'a key of control characters', key: Buffer.from('\r\nInjected: 1\r\n\r\n\0') },
  { name: 'written in 1970', timestamp: 0 },
  { name: 'written in the year 9999', timestamp: Date.UTC(9999, 11, 31) },
].map((row) => ({ ...row, value: Buffer.from('odd'), reason: 'undecodable' as const, detail: 'magic' }));

const POISON = [...UNDECODABLE, ...INVALID, ...ODD];
/** Payment ids that look wrong and are right; the longest one counts code points. */
const GOOD = ['💸'.repeat(64), 'p'.repeat(64), ' ', '"quoted"\\', 'line\r\nbreak: 1\r\n\r\n', '\u2028', '\ufffd', '\0'];

const TOPIC = { 'max.message.bytes': '4000000', 'message.timestamp.after.max.ms': '9223372036854775807' };

let world: World;
const source: StoredRecord[] = [];
const letters = new Map<number, StoredRecord[]>();

beforeAll(async () => {
  const [shared, end] = await World.shared({ partitions: 2, topicConfig: TOPIC });
  world = shared;
  ids.ours = world.encode(FAILED).readInt32BE(1);
  const draft = 'http://json-schema.org/draft-07/schema#';
  ids.json = await register(`${world.source}-json`, { $schema: draft, type: 'object' }, 'JSON');
  const message = 'syntax = "proto3"; message PaymentFinal { string paymentId = 1; }';
  ids.protobuf = await register(`${world.source}-protobuf`, message, 'PROTOBUF');
  for (const [name, schema] of Object.entries(STRANGE_SCHEMAS)) {
    ids[name as keyof typeof STRANGE_SCHEMAS] = await register(`${world.source}-${name}`, schema);
  }
  for (const { name, schema } of FOUND) {
    foundIds.set(name, await register(`${world.source}-${name.replace('/', '-')}`, schema));
  }
  await world.writeRaw(
    0,
    GOOD.map((paymentId) => ({ paymentId, key: paymentId, value: event({ paymentId })() })),
  );
  for (const [number, { name, key, value, headers, timestamp }] of POISON.entries()) {
    const bytes = typeof value === 'function' ? value() : value;
    await world.writeRaw(0, [
      {
        key: key === undefined ? name : key,
        value: bytes,
        headers: headers ?? {},
        ...(timestamp !== undefined && { timestamp }),
      },
      { paymentId: `good-${number}`, key: `good-${number}`, value: world.encode(sampleEvent(`good-${number}`, false)) },
    ]);
  }
  await world.start();
  await world.settled();
  source.push(...(await world.records('')));
  for (const letter of await world.records('dead-letter')) {
    const offset = Number(letter.text['notifier-origin-offset']);
    letters.set(offset, [...(letters.get(offset) ?? []), letter]);
  }
  return end;
});

test.each(POISON)('$name: $reason, $detail', (poison) => {
  const offset = GOOD.length + 2 * POISON.indexOf(poison);
  const record = source.find((candidate) => candidate.offset === offset);
  const [letter, ...others] = letters.get(offset) ?? [];
  expect(others).toEqual([]);
  expect(letter?.partition).toBe(0);
  expect([hash(letter?.key), hash(letter?.value)]).toEqual([hash(record?.key), hash(record?.value)]);
  expect(hashes(letter)).toEqual(hashes(record));
  expect(notifierText(letter)).toEqual({
    'notifier-origin-topic': world.source,
    'notifier-origin-partition': '0',
    'notifier-origin-offset': String(offset),
    'notifier-origin-timestamp': String(record?.timestamp),
    'notifier-attempts': '0',
    'notifier-hops': '0',
    'notifier-reason': poison.detail,
    'notifier-dead-letter-reason': poison.reason,
  });
});

test('every good event between them was delivered once, in order, and nothing else was sent', async () => {
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toEqual([...GOOD, ...POISON.map((_, number) => `good-${number}`)]);
  expect(ledger.deadLettered).toHaveLength(POISON.length);
  expect(world.simulator.requests()).toHaveLength(ledger.delivered.length);
});

test('what an outcome says of each is short, and keyed by the origin where there is no id', async () => {
  const outcomes = (await world.records(OUTCOMES)).filter(({ value }) => readOutcome(value)?.verdict !== 'delivered');
  expect(outcomes).toHaveLength(POISON.length);
  for (const { key, value } of outcomes) {
    expect(value?.length).toBeLessThan(1_000);
    expect(key?.length).toBeLessThan(300);
  }
  const at = `${world.source}:0:${String(GOOD.length + 2 * POISON.findIndex(({ name }) => name === 'an id of 1 MB'))}`;
  const long = outcomes.find(({ key }) => key?.toString() === at);
  expect(readOutcome(long?.value ?? null)).toMatchObject({
    paymentId: `${'p'.repeat(64)}…`,
    deadLetterReason: 'invalid_event',
  });
});

test('headers may be named like members of every JavaScript object', async () => {
  const odd = await World.create({ partitions: 1 });
  const headers = { constructor: 'c', toString: 't', valueOf: ['v', 'w'], own: 'o' };
  await odd.writeRaw(0, [{ key: 'junk', value: Buffer.from('junk'), headers }]);
  await odd.write(0, ['good']);
  await odd.start();
  await odd.settled(10_000);
  const [[record], [letter]] = await Promise.all([odd.records(''), odd.records('dead-letter')]);
  expect(ownValues(letter)).toEqual(ownValues(record));
  expect(await keepLedger(odd)).toMatchObject({
    ...{ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 },
    ...{ delivered: ['good'], deadLettered: ['0:0'] },
  });
});

test('a header may come without a value', async () => {
  const odd = await World.create({ partitions: 1 });
  const { code, stderr } = await runKafkaTool(
    'org.apache.kafka.tools.ConsoleProducer',
    [
      ...['--bootstrap-server', inject('bootstrapServers'), '--topic', odd.source],
      ...['--reader-property', 'parse.headers=true', '--reader-property', 'null.marker=NULL'],
    ],
    { input: 'nothing:NULL,own:o\tjunk\n' },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  odd.written.push({ partition: 0, offset: 0, key: null, paymentId: '' });
  await odd.write(0, ['good']);
  await odd.start();
  await odd.settled(10_000);
  const [[record], [letter]] = await Promise.all([odd.records(''), odd.records('dead-letter')]);
  expect(ownValues(record)).toEqual([
    ['nothing', [null]],
    ['own', [Buffer.from('o')]],
  ]);
  expect(ownValues(letter)).toEqual(ownValues(record));
  expect(await keepLedger(odd)).toMatchObject({
    ...{ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 },
    ...{ delivered: ['good'], deadLettered: ['0:0'] },
  });
});

test('what fits into no topic, not even compressed, leaves its coordinates and its hash', async () => {
  const small = await World.create({
    partitions: 2,
    topicConfig: { 'max.message.bytes': '4000000' },
    profile: { rules: [{ when: { paymentId: 'unknown' }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
    settings: { RETRY_DELAYS: '1s' },
  });
  await makeTopics(
    small.admin,
    ['retry.1s', 'dead-letter'].map((suffix) => ({
      topic: small.topic(suffix),
      numPartitions: 2,
      configEntries: [{ name: 'max.message.bytes', value: '20000' }],
    })),
  );
  const padded = { ...(SCHEMA as { fields: unknown[] }) };
  padded.fields = [...padded.fields, { name: 'padding', type: 'bytes' }];
  const schemaId = await register(`${small.source}-padded`, padded);
  const large = (paymentId: string, bytes: number): Buffer => {
    return framed(schemaId, avroBytes(padded, { ...sampleEvent(paymentId, true), padding: randomBytes(bytes) }));
  };
  const headers = { note: randomBytes(30_000) };
  const records = [
    { paymentId: '', key: 'junk', value: randomBytes(3_000_000), detail: 'magic', attempts: '0' },
    { paymentId: 'unknown', key: 'K-1', value: large('unknown', 50_000), detail: 'UNKNOWN_EXCEPTION', attempts: '1' },
    { paymentId: '', key: randomBytes(40_000), value: Buffer.from('small'), detail: 'magic', attempts: '0' },
    { paymentId: '', key: null, value: Buffer.from('small'), headers, detail: 'magic', attempts: '0' },
    { paymentId: '', key: null, value: null, headers, detail: 'tombstone', attempts: '0' },
  ];
  for (const [number, record] of records.entries()) {
    await small.writeRaw(1, [record]);
    await small.writeRaw(1, [{ paymentId: `large-${number}`, key: null, value: large(`large-${number}`, 300_000) }]);
  }
  const service = await small.start();
  await small.settled();

  const found = await small.records('dead-letter');
  expect(found.map(({ value, text }) => ({ value, text }))).toEqual(
    records.map(({ value, detail, attempts }, number) => ({
      value: null,
      text: {
        'notifier-origin-topic': small.source,
        'notifier-origin-partition': '1',
        'notifier-origin-offset': String(2 * number),
        'notifier-origin-timestamp': expect.stringMatching(/^\d{13}$/) as string,
        'notifier-attempts': attempts,
        'notifier-hops': '0',
        ...(attempts === '1' && {
          'notifier-first-attempt-at': expect.stringMatching(/^\d{13}$/) as string,
          'notifier-last-attempt-at': expect.stringMatching(/^\d{13}$/) as string,
          'notifier-payment-id': 'unknown',
        }),
        'notifier-reason': detail,
        'notifier-dead-letter-reason': 'too_large',
        'notifier-value-sha256': hash(value ?? Buffer.alloc(0)),
      },
    })),
  );
  expect(await small.records('retry.1s')).toEqual([]);
  expect(await service.metric('notifier_dead_letters_total{reason="too_large",result_code="NONE"}')).toBe(4);
  const ledger = await keepLedger(small);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toHaveLength(records.length);
});

/** What is large is compared by its hash. */
function hash(bytes: Buffer | null | undefined): string | null | undefined {
  return bytes && createHash('sha256').update(bytes).digest('hex');
}

function hashes(record: StoredRecord | undefined): unknown {
  return ownValues(record).map(([name, values]) => [name, values.map(hash)]);
}

function ownValues(record: StoredRecord | undefined): [name: string, values: readonly (Buffer | null)[]][] {
  return Object.entries(record?.values ?? {}).filter(([name]) => !name.startsWith('notifier-'));
}

function notifierText(record: StoredRecord | undefined): unknown {
  return Object.fromEntries(Object.entries(record?.text ?? {}).filter(([name]) => name.startsWith('notifier-')));
}
