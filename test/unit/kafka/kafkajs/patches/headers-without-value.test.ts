import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { readProvenance, writeHeaders } from '../../../../../src/core/provenance.ts';
import type { KafkaRecord } from '../../../../../src/core/record.ts';
import { Epoch, instant } from '../../../../../src/kafka/group/epoch.ts';
import { readRecords, type FetchedMessage } from '../../../../../src/kafka/wire/batch-records.ts';
import type { ConsumerGroup, FetchedBatch } from '../../../../../src/kafka/kafkajs/types.ts';
import { Lanes } from '../../../../../src/kafka/lanes/lanes.ts';
import { AllParkedKeys } from '../../../../../src/pipeline/all-parked-keys.ts';
import { Waits } from '../../../../../src/pipeline/waits.ts';
import { createPublisher } from '../../../../../src/kafka/produce/publisher.ts';
import { soon, SOURCE, TOPOLOGY } from '../../../../support/fixtures.ts';

/** kafkajs' own way of writing a record. */
const require = createRequire(import.meta.url);
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => {
  readonly buffer: Buffer;
};
const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => ByteWriter;

interface ByteWriter {
  readonly buffer: Buffer;
  writeVarInt(value: number): ByteWriter;
  writeVarLong(value: number): ByteWriter;
  writeInt8(value: number): ByteWriter;
  writeVarIntBytes(bytes: Buffer | null): ByteWriter;
  writeVarIntString(text: string): ByteWriter;
}

type WrittenHeader = readonly [name: string, value: string | null];

/** A record's bytes as any client may have written them. */
function bytesOf(headers: readonly WrittenHeader[]): Buffer {
  const body = new Encoder().writeInt8(0).writeVarLong(0).writeVarInt(0);
  body.writeVarIntBytes(Buffer.from('pay-1')).writeVarIntBytes(Buffer.from('an event')).writeVarInt(headers.length);
  for (const [name, value] of headers) {
    body.writeVarIntString(name).writeVarIntBytes(value === null ? null : Buffer.from(value));
  }
  return Buffer.concat([new Encoder().writeVarInt(body.buffer.length).buffer, body.buffer]);
}

function decoded(bytes: Buffer): FetchedMessage {
  const head = { firstOffset: 0, lastOffset: 0, count: 1, firstTimestamp: 0 };
  const [record] = readRecords(bytes, head, { from: 0, records: 1, bytes: bytes.length }).records;
  if (record === undefined) throw new Error('no record');
  return record;
}

/** What a lane hands over of a record that was fetched. */
async function received(bytes: Buffer): Promise<KafkaRecord> {
  const records: KafkaRecord[] = [];
  const lanes = new Lanes(
    { topics: { topology: TOPOLOGY, read: [SOURCE] }, concurrency: 1 },
    {
      observe: () => undefined,
      parkedKeys: new AllParkedKeys(),
      waits: new Waits(),
      process: (record) => Promise.resolve(void records.push(record)),
      onError: () => undefined,
      isSuspect: () => false,
      joinAgain: () => undefined,
      unknownTopic: () => Promise.resolve(),
      isWriting: () => false,
    },
  );
  const group = groupOfOnePartition();
  await lanes.open(group, new Epoch(1, 30_000, instant()), new Map([[`${SOURCE}:0`, { offset: 0, metadata: '' }]]));
  lanes.take(group, {
    topic: SOURCE,
    partition: 0,
    fetchedOffset: '0',
    highWatermark: '1',
    lastStableOffset: '1',
    rawMessages: [{ ...decoded(bytes), isControlRecord: false }],
    messages: [decoded(bytes)],
  } satisfies FetchedBatch);
  await soon();
  const [record] = records;
  if (record === undefined) throw new Error('the lane handed nothing over');
  return record;
}

function groupOfOnePartition(): ConsumerGroup {
  const offsets = [{ topic: SOURCE, partitions: [{ partition: 0, offset: '0' }] }];
  const coordinator = { offsetCommit: () => Promise.resolve() };
  const cluster = {
    findGroupCoordinator: () => Promise.resolve(coordinator),
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
    fetchTopicsOffset: () => Promise.resolve(offsets),
  };
  const group = {
    cluster,
    coordinator,
    groupId: 'g',
    generationId: 1,
    memberId: 'm',
    assigned: () => [{ topic: SOURCE, partitions: [0] }],
    resolveOffset: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
  return group as unknown as ConsumerGroup;
}

/** The headers another reader finds when the record has been moved to a retry topic. */
async function movedOn(headers: readonly WrittenHeader[]): Promise<FetchedMessage['headers']> {
  const record = await received(bytesOf(headers));
  const written: object[] = [];
  const producer = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    send: ({ messages }: { messages: object[] }) => {
      written.push(...messages);
      return Promise.resolve([{ baseOffset: '0' }]);
    },
  };
  const { publish } = createPublisher({ producer: () => producer } as unknown as Kafka);
  const { key, value } = record;
  const history = writeHeaders(record.headers, readProvenance(record, SOURCE));
  await publish('retry', { topic: `${SOURCE}.retry.5s`, key, value, headers: history }, () => undefined);
  const [message = {}] = written;
  return decoded(encodeRecord(message).buffer).headers;
}

describe('headers of the origin survive a move as they were', () => {
  test('bytes, empty ones, names beyond ASCII, and names that are repeated, in order', async () => {
    const headers = await movedOn([
      ['trace', 'a'],
      ['empty', ''],
      ['名前', 'é'],
      ['tag', 'b'],
      ['tag', 'a'],
      ['tag', 'b'],
    ]);
    expect(headers).toMatchObject({
      trace: Buffer.from('a'),
      empty: Buffer.from(''),
      名前: Buffer.from('é'),
      tag: [Buffer.from('b'), Buffer.from('a'), Buffer.from('b')],
    });
  });

  test('a header without a value, which every other client may write, never keeps a record from being moved', async () => {
    const headers = await movedOn([
      ['nothing', null],
      ['tag', 'a'],
      ['tag', null],
      ['trace', 'kept'],
    ]);
    expect(headers).toMatchObject({ trace: Buffer.from('kept'), 'notifier-origin-offset': Buffer.from('0') });
    expect(headers, 'an empty value is another one').toMatchObject({ nothing: null, tag: [Buffer.from('a'), null] });
  });

  test.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])(
    'a header named %s, as every object has one, never keeps a record from being moved',
    async (name) => {
      const headers = await movedOn([
        [name, 'a'],
        ['trace', 'kept'],
      ]);
      expect(headers).toMatchObject({ trace: Buffer.from('kept'), 'notifier-origin-offset': Buffer.from('0') });
    },
  );
});
