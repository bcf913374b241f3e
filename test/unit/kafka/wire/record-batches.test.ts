import { createRequire } from 'node:module';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readBatches, type Asked, type FetchedMessages } from '../../../../src/kafka/wire/record-batches.ts';
import { batchOf, markerOf, summed, withBody, type PlainRecord } from '../../../support/record-batches.ts';

const require = createRequire(import.meta.url);
const decodeAsKafkajs = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: object,
) => Promise<{ records: FetchedMessages }>;
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;

const GZIP = 1;

function read(batches: readonly Buffer[], asked: Partial<Asked> = {}): Promise<FetchedMessages> {
  return readBatches(Buffer.concat(batches), { from: 0, end: 1_000_000, aborted: [], ...asked });
}

const offsets = (messages: FetchedMessages): number[] => messages.map(({ offset }) => Number(offset));
const keys = (messages: FetchedMessages): string[] => {
  return messages.filter(({ isControlRecord }) => !isControlRecord).map(({ key }) => String(key));
};

describe('sound batches', () => {
  const odd: PlainRecord[] = [
    { key: Buffer.from('k'), value: Buffer.from('v'), headers: { a: Buffer.from('1'), ü: Buffer.alloc(0) } },
    { key: null, value: null },
    { key: Buffer.alloc(0), value: Buffer.alloc(70_000, 7), headers: { twice: [Buffer.from('1'), Buffer.from('2')] } },
    { delta: 300, key: Buffer.from([0xff, 0]), value: Buffer.from('after a gap') },
  ];

  test.each([
    ['plain', 0],
    ['compressed', GZIP],
  ])('are read as kafkajs reads them, %s', async (_name, compression) => {
    const batch = await batchOf(4_000_000_000, odd, { compression });
    const messages = await read([batch], { end: 5_000_000_000, from: 4_000_000_000 });
    const { records } = await decodeAsKafkajs(new Decoder(batch));
    expect(messages).toHaveLength(odd.length);
    for (const [number, { offset, timestamp, key, value, headers }] of messages.entries()) {
      expect({ offset, timestamp, key, value, headers: { ...headers } }).toEqual({
        offset: records[number]?.offset,
        timestamp: records[number]?.timestamp,
        key: records[number]?.key,
        value: records[number]?.value,
        headers: records[number]?.headers,
      });
    }
  });

  test('carry the time at which the broker appended them, where the topic says so', async () => {
    const batch = summed(await batchOf(0, ['a', 'b']), (bytes) => bytes.writeInt16BE(0x08, 21));
    const messages = await read([batch]);
    expect(messages.map(({ timestamp }) => timestamp)).toEqual(['1700000000999', '1700000000999']);
    expect(keys(messages)).toEqual(['a', 'b']);
  });

  test('begin with the record that was asked for', async () => {
    const batches = [await batchOf(0, ['a', 'b', 'c']), await batchOf(3, ['d'])];
    expect(keys(await read(batches, { from: 1 }))).toEqual(['b', 'c', 'd']);
    expect(offsets(await read(batches, { from: 3 }))).toEqual([3]);
  });

  test('that the answer cuts off are left for the next fetch', async () => {
    const [first, second] = [await batchOf(0, ['a']), await batchOf(1, ['b'])];
    for (const length of [1, 60, second.length - 1]) {
      const messages = await read([first, second.subarray(0, length)]);
      expect([keys(messages), messages.corrupt]).toEqual([['a'], undefined]);
    }
  });

  test('an answer without any is no trouble', async () => {
    const messages = await read([]);
    expect([messages.length, messages.corrupt]).toEqual([0, undefined]);
  });
});

describe('bytes that are not what was written', () => {
  test('give no record, whichever byte is wrong', async () => {
    const batch = await batchOf(10, ['pay-1', 'pay-2']);
    for (let at = 8; at < batch.length; at += 1) {
      if (at >= 12 && at < 16) continue; // the leader's epoch, which says nothing of the records
      const wrong = Buffer.from(batch);
      wrong.writeUInt8((wrong[at] ?? 0) ^ 0x01, at);
      const messages = await read([wrong, await batchOf(12, ['c'])], { from: 10 });
      expect([at, messages.length, messages.corrupt?.offset]).toEqual([at, 0, 10]);
    }
  });

  test('end the answer: what stands before them is read, and nothing behind', async () => {
    const wrong = await batchOf(1, ['b']);
    wrong.writeUInt8(0x58, wrong.length - 3);
    const messages = await read([await batchOf(0, ['a']), wrong, await batchOf(2, ['c'])]);
    expect([keys(messages), messages.corrupt]).toEqual([['a'], undefined]);
    const next = await read([wrong, await batchOf(2, ['c'])], { from: 1 });
    expect([keys(next), next.corrupt]).toEqual([[], { offset: 1, detail: 'its checksum is wrong' }]);
  });

  test.each<[string, string, () => Promise<Buffer>]>([
    ['a batch that is cut off, and the first', 'cut off', async () => (await batchOf(5, ['a'])).subarray(0, -1)],
    ['a batch at the end of its partition', 'impossible offsets 80 to 80', () => batchOf(80, ['a'])],
    ['a batch that ends before it begins', 'impossible offsets 5 to 4', () => batchOf(5, ['a'], { lastDelta: -1 })],
    ['zeros', 'unknown format 0', () => Promise.resolve(Buffer.alloc(500))],
    [
      'a head that says it has no length, and is nothing but zeros',
      'impossible length 0',
      () => {
        const bytes = Buffer.alloc(500);
        bytes.writeUInt8(2, 16);
        return Promise.resolve(bytes);
      },
    ],
    [
      'noise',
      'unknown format 108',
      () => Promise.resolve(Buffer.from('not a batch at all, but long enough to have the head of one'.repeat(3))),
    ],
  ])('%s: %s', async (_name, detail, bytes) => {
    const messages = await read([await bytes()], { from: 5, end: 80 });
    expect([messages.length, messages.corrupt]).toEqual([0, { offset: 5, detail }]);
  });

  test('a batch that claims the offsets of the one before', async () => {
    const messages = await read([await batchOf(5, ['a', 'b']), await batchOf(5, ['c'])], { from: 5 });
    expect(keys(messages)).toEqual(['a', 'b']);
  });
});

describe('bytes as they were written that hold no records', () => {
  const bad = async (change: (batch: Buffer) => Buffer): Promise<Buffer> => change(await batchOf(1, ['x', 'y', 'z']));

  test.each<[string, (batch: Buffer) => Buffer]>([
    ['of an unknown codec', (batch) => summed(batch, (bytes) => bytes.writeInt16BE(5, 21))],
    ['that are not in their format', (batch) => summed(batch, (bytes) => bytes.writeInt16BE(GZIP, 21))],
    ['too few', (batch) => summed(batch, (bytes) => bytes.writeInt32BE(4, 57))],
    ['a record longer than the batch', (batch) => summed(batch, (bytes) => bytes.writeUInt8(0x7e, 61))],
    ['a record of a negative length', (batch) => summed(batch, (bytes) => bytes.writeUInt8(0x01, 61))],
    ['a record outside of the offsets', (batch) => summed(batch, (bytes) => bytes.writeUInt8(0x10, 64))],
    ['a number without end', (batch) => withBody(batch, Buffer.alloc(40, 0xff))],
    ['nothing', (batch) => withBody(batch, Buffer.alloc(0))],
  ])('%s: every offset is one unreadable record, and the batches around are read', async (_name, change) => {
    const messages = await read([await batchOf(0, ['a']), await bad(change), await batchOf(4, ['b'])]);
    expect(offsets(messages)).toEqual([0, 1, 2, 3, 4]);
    expect(messages.map(({ unreadable }) => unreadable?.reason)).toEqual([
      undefined,
      ...Array<string>(3).fill('undecodable'),
      undefined,
    ]);
    expect(messages[2]).toMatchObject({ key: null, value: null, isControlRecord: false, timestamp: '1700000000000' });
  });

  test('one that would take too much memory is not taken', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(40_000_000));
    const batch = summed(withBody(await batchOf(1, ['x', 'y']), bomb), (bytes) => bytes.writeInt16BE(GZIP, 21));
    const messages = await read([batch, await batchOf(3, ['b'])]);
    expect(messages.map(({ unreadable }) => unreadable?.reason)).toEqual(['too_large', 'too_large', undefined]);
  });

  test('as many as there can be offsets in a batch come in several answers', async () => {
    const batch = summed(await bad((bytes) => bytes), (bytes) => {
      bytes.writeInt16BE(5, 21);
      bytes.writeInt32BE(2_000_000_000, 23);
    });
    const first = await read([batch], { end: 2 ** 32 });
    const second = await read([batch], { from: Number(first.at(-1)?.offset) + 1, end: 2 ** 32 });
    expect([first.length, second.length, second[0]?.offset]).toEqual([5_000, 5_000, '5001']);
  });

  test('one more than are taken at once is not passed over', async () => {
    const batch = summed(await bad((bytes) => bytes), (bytes) => {
      bytes.writeInt16BE(5, 21);
      bytes.writeInt32BE(5_000, 23);
    });
    const [first, second] = [await read([batch]), await read([batch], { from: 5_001 })];
    expect([first.length, first.at(-1)?.offset]).toEqual([5_000, '5000']);
    expect(second).toMatchObject([{ offset: '5001', isControlRecord: false, unreadable: { reason: 'undecodable' } }]);
  });
});

describe('a batch of more records than are taken at once', () => {
  const many = Array.from({ length: 12_000 }, (_, number) => `pay-${number}`);

  test.each([
    ['plain', 0],
    ['compressed', GZIP],
  ])('comes in several answers, each record once and in order, %s', async (_name, compression) => {
    const bytes = [await batchOf(100, many, { compression }), await batchOf(12_100, ['the last'])];
    const read_: string[] = [];
    let answers = 0;
    for (let from = 100; from <= 12_100; answers += 1) {
      const messages = await read(bytes, { from });
      expect(messages.length).toBeLessThanOrEqual(5_000);
      read_.push(...keys(messages));
      from = Number(messages.at(-1)?.offset) + 1;
    }
    expect([answers, read_]).toEqual([3, [...many, 'the last']]);
  });

  test('and of more bytes than are taken at once: what is taken does not keep the rest', async () => {
    const value = Buffer.alloc(1_000_000, 'v');
    const batch = await batchOf(
      0,
      Array.from({ length: 20 }, () => ({ value })),
      { compression: GZIP },
    );
    const messages = await read([batch], { from: 3 });
    expect(offsets(messages)).toEqual([3, 4]);
    expect(messages[0]?.value?.buffer.byteLength).toBeLessThan(2_100_000);
    expect(messages[1]?.value?.equals(value)).toBe(true);
  });

  test('a record that alone is more than that is taken nevertheless, and nothing behind it', async () => {
    const value = Buffer.alloc(5_000_000, 'v');
    const batch = await batchOf(0, [{ value }, { value }], { compression: GZIP });
    expect(offsets(await read([batch]))).toEqual([0]);
    expect(offsets(await read([await batchOf(0, [{ value }]), await batchOf(1, ['small'])]))).toEqual([0]);
  });

  test('all batches of an answer count together, by records and by bytes', async () => {
    const full = [];
    for (let at = 0; at < 7; at += 1) full.push(await batchOf(at * 1_000, many.slice(0, 1_000)));
    expect((await read(full)).length).toBe(5_000);
    const large = [];
    const value = Buffer.alloc(150_000, 'v');
    for (let at = 0; at < 3; at += 1) large.push(await batchOf(at * 10, Array<PlainRecord>(10).fill({ value })));
    expect((await read(large)).length).toBe(13);
  });
});

describe('what waits keeps no more memory than itself', () => {
  /** The memory that stays while this message does. */
  const kept = ({ key, value, headers = {} }: FetchedMessages[number]): number => {
    const parts = [key, value, ...Object.values(headers).flat()].filter((part) => part !== null);
    return [...new Set(parts.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);
  };
  const small = (number: number): PlainRecord[] =>
    Array.from({ length: number }, () => ({
      key: Buffer.from('k'),
      value: Buffer.alloc(1_000),
      headers: { h: Buffer.from('1') },
    }));

  test.each([
    ['plain', 0],
    ['compressed', GZIP],
  ])('a record of 1 KB, in a large answer of a broker: %s', async (_name, compression) => {
    const batches = [];
    for (let at = 0; at < 4; at += 1) batches.push(await batchOf(at * 50, small(50), { compression }));
    const elsewhere = Buffer.alloc(1_000_000);
    const answer = Buffer.concat([elsewhere, ...batches]).subarray(elsewhere.length);
    const messages = await readBatches(answer, { from: 0, end: 1_000_000, aborted: [] });
    expect(messages).toHaveLength(200);
    for (const message of messages) expect(kept(message)).toBeLessThan(17_500);
    const together = new Set(messages.flatMap(({ value }) => (value === null ? [] : [value.buffer])));
    const whole = [...together].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(whole, 'and all together nothing but themselves').toBeLessThan(200 * 1_100);
    expect(together.size, 'neighbours in one piece, not each in its own').toBeLessThan(20);
  });

  test('one record, where it is a small part of its answer', async () => {
    const answer = Buffer.concat([await batchOf(0, small(1)), Buffer.alloc(100_000)]);
    const [message] = await readBatches(answer, { from: 0, end: 1_000_000, aborted: [] });
    expect(message && kept(message)).toBeLessThan(1_200);
  });

  test('one that is most of its answer is not copied: it may be of many megabytes', async () => {
    const answer = Buffer.concat([await batchOf(0, [{ value: Buffer.alloc(900_000) }]), Buffer.alloc(100_000)]);
    const [message] = await readBatches(answer, { from: 0, end: 1_000_000, aborted: [] });
    expect(message?.value?.buffer).toBe(answer.buffer);
  });
});

describe('a batch whose records are gone', () => {
  test('all of them: reading goes on behind it', async () => {
    const messages = await read([summed(await batchOf(5, [], { lastDelta: 4 }), () => undefined)], { from: 5 });
    expect([offsets(messages), keys(messages)]).toEqual([[9], []]);
    expect(offsets(await read([await batchOf(0, [], { lastDelta: 0 })]))).toEqual([0]);
  });

  test('the last of them: reading goes on behind it', async () => {
    const messages = await read([await batchOf(5, ['a', 'b'], { lastDelta: 4 })], { from: 7 });
    expect([offsets(messages), keys(messages)]).toEqual([[9], []]);
  });
});

describe('transactions', () => {
  test('records of aborted ones are not seen, whichever began and ended first', async () => {
    const batches = [
      await batchOf(0, ['A-1'], { producer: 1 }),
      await batchOf(1, ['B-1'], { producer: 2 }),
      await batchOf(2, ['C-1'], { producer: 3 }),
      await markerOf(3, 2, 'abort'),
      await batchOf(4, ['plain']),
      await batchOf(5, ['A-2'], { producer: 1 }),
      await markerOf(6, 1, 'abort'),
      await markerOf(7, 3, 'commit'),
      await batchOf(8, ['A-3'], { producer: 1 }),
      await markerOf(9, 1, 'commit'),
    ];
    // In the order in which they ended, as brokers tell them.
    const aborted = [
      { producerId: '2', firstOffset: '1' },
      { producerId: '1', firstOffset: '0' },
    ];
    expect(keys(await read(batches, { aborted }))).toEqual(['C-1', 'plain', 'A-3']);
    expect(keys(await read(batches.slice(5), { aborted, from: 5 }))).toEqual(['A-3']);
    expect(offsets(await read(batches, { aborted }))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('records that a producer wrote before its aborted one are seen', async () => {
    const batches = [
      await batchOf(0, ['A-1'], { producer: 1 }),
      await markerOf(1, 1, 'commit'),
      await batchOf(2, ['A-2'], { producer: 1 }),
      await markerOf(3, 1, 'abort'),
    ];
    expect(keys(await read(batches, { aborted: [{ producerId: '1', firstOffset: '2' }] }))).toEqual(['A-1']);
  });

  test('records that a producer writes outside of its aborted one are seen', async () => {
    const outside = summed(await batchOf(1, ['plain'], { producer: 1 }), (bytes) => bytes.writeInt16BE(0, 21));
    const batches = [await batchOf(0, ['A'], { producer: 1 }), outside, await markerOf(2, 1, 'abort')];
    expect(keys(await read(batches, { aborted: [{ producerId: '1', firstOffset: '0' }] }))).toEqual(['plain']);
  });

  test('a record of an aborted one whose key looks like the end of a transaction ends none', async () => {
    const key = Buffer.alloc(4);
    const batches = [
      await batchOf(0, [{ key }], { producer: 1 }),
      await batchOf(1, ['A'], { producer: 1 }),
      await markerOf(2, 1, 'abort'),
    ];
    expect(keys(await read(batches, { aborted: [{ producerId: '1', firstOffset: '0' }] }))).toEqual([]);
  });

  test.each<[string, number, PlainRecord]>([
    ['cannot be read', 0x35, {}],
    ['has no key', 0x30, { key: null }],
    ['has too short a key', 0x30, { key: Buffer.alloc(2) }],
  ])('a marker that %s ends none, and is seen by nobody', async (_, attributes, marker) => {
    const wrong = summed(await batchOf(1, [marker], { producer: 1 }), (bytes) => bytes.writeInt16BE(attributes, 21));
    const batches = [await batchOf(0, ['A'], { producer: 1 }), wrong, await batchOf(2, ['A'], { producer: 1 })];
    expect(keys(await read(batches, { aborted: [{ producerId: '1', firstOffset: '0' }] }))).toEqual([]);
    expect(keys(await read([wrong, await batchOf(2, ['B'])]))).toEqual(['B']);
  });

  test('an aborted one that holds no readable records leaves no dead letters', async () => {
    const broken = summed(await batchOf(0, ['A'], { producer: 1 }), (bytes) => bytes.writeInt16BE(0x15, 21));
    const aborted = [{ producerId: '1', firstOffset: '0' }];
    expect(keys(await read([broken, await markerOf(1, 1, 'abort')], { aborted }))).toEqual([]);
  });
});
