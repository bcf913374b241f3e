import { describe, expect, test } from 'vitest';
import { closesLetter } from '../../../../src/core/provenance.ts';
import { recordName, type KafkaRecord, type OutgoingRecord } from '../../../../src/core/record.ts';
import type { Reader } from '../../../../src/kafka/kafkajs/reader.ts';
import {
  closeLetters,
  Stopped,
  type ClosingRun,
  type Done,
} from '../../../../src/operate/dead-letters/close-letters.ts';
import { closingRecord, redrivenCopy } from '../../../../src/operate/dead-letters/outgoing.ts';
import type { PlannedLetter } from '../../../../src/operate/dead-letters/plan.ts';
import { inParts } from '../../../../src/operate/dead-letters/read-again.ts';
import { pass, SOURCE, sourceRecord, TOPOLOGY, useVirtualTime } from '../../../support/fixtures.ts';
import { batchOf, type PlainRecord } from '../../../support/record-batches.ts';
import { scriptedReader } from '../../../support/scripted-reader.ts';

useVirtualTime();

const DEAD = TOPOLOGY.deadLetters;
const TIER = TOPOLOGY.retryTopic('5s');

/** A dead-letter topic of one partition, and transactions that go wrong as they are told. */
class Topic {
  readonly records: PlainRecord[];
  readonly copies: OutgoingRecord[] = [];
  readonly transactions: number[] = [];
  begun = 0;
  /** What becomes of the next transactions, one after the other; those behind go well. */
  readonly fates: ('well' | 'aborted' | 'committed unheard')[];

  constructor(letters: number, fates: Topic['fates'] = []) {
    this.fates = fates;
    this.records = Array.from({ length: letters }, (_, at) => ({
      key: Buffer.from(`K-${String(at)}`),
      value: Buffer.from(`event ${String(at)}`),
      headers: headers({
        ...{ 'dead-letter-reason': 'rejected', 'origin-topic': SOURCE, 'origin-partition': 0, 'origin-offset': at },
      }),
    }));
  }

  reader(): Reader {
    const kept = async () => {
      const bytes = await batchOf(
        0,
        this.records.map((record, delta) => ({ ...record, delta })),
      );
      return scriptedReader({ topics: { [DEAD]: [{ bytes, end: this.records.length }] } });
    };
    const ask = <K extends 'layouts' | 'offsets' | 'fetch'>(name: K) =>
      (async (...args: unknown[]) => ((await kept())[name] as (...args: unknown[]) => unknown)(...args)) as Reader[K];
    return {
      ...scriptedReader({ topics: {} }),
      ...{ layouts: ask('layouts'), offsets: ask('offsets'), fetch: ask('fetch') },
    };
  }

  write(records: readonly OutgoingRecord[]): Promise<void> {
    const fate = this.fates.shift() ?? 'well';
    this.transactions.push(records.filter(({ topic }) => topic === TIER).length);
    if (fate === 'aborted') return Promise.reject(new Error('aborted'));
    for (const { topic, key, value, headers: own } of records) {
      if (topic === TIER) this.copies.push({ topic, key, value, headers: own });
      else this.records.push({ key, value, headers: headersOf(own) });
    }
    return fate === 'well' ? Promise.resolve() : Promise.reject(new Error('no answer'));
  }

  get closings(): number {
    return this.records.filter((record) => closesLetter(record.headers ?? {})).length;
  }
}

function headers(fields: Readonly<Record<string, string | number>>): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`notifier-${name}`, Buffer.from(String(value))]),
  );
}

function headersOf(own: OutgoingRecord['headers']): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [name, Buffer.from(String(value))]));
}

const plan = (count: number): PlannedLetter[] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ record: `${DEAD}:0:${String(at)}`, alsoCloses: [], origin: `${SOURCE}:0:${String(at)}`, paymentId: null },
  }));

function close(topic: Topic, planned: readonly PlannedLetter[], more: Partial<ClosingRun> = {}): Promise<Done> {
  const closer = { by: 'me@here', at: 1 };
  return closeLetters(
    {
      reading: { reader: topic.reader(), topology: TOPOLOGY, groupId: 'g', signal: new AbortController().signal },
      transactions: {
        begin: () => {
          topic.begun += 1;
          return Promise.resolve();
        },
        write: (records) => topic.write(records),
        close: () => Promise.resolve(),
      },
      account: { topic: DEAD, partition: 0, key: null, value: Buffer.from('{}'), headers: {} },
      rate: 400,
      outgoing: (letter: KafkaRecord) => [
        redrivenCopy(letter, { ...closer, id: 'R', topic: TIER, rebuildBody: false }, TOPOLOGY),
        closingRecord(letter, 'redriven', closer, SOURCE, 'R'),
      ],
      isOurs: ({ redriveId }) => redriveId === 'R',
      mayGoOn: () => Promise.resolve(),
      progress: () => undefined,
      ...more,
    },
    planned,
  );
}

async function after<T>(ms: number, task: Promise<T>): Promise<T> {
  task.catch(() => undefined);
  for (let passed = 0; passed < ms; passed += 250) await pass(250);
  return task;
}

function sentKeys(topic: Topic): string[] {
  return topic.copies.map(({ key }) => key?.toString() ?? '');
}

const inOrder = (count: number) => Array.from({ length: count }, (_, at) => `K-${String(at)}`);

describe('each letter is sent once, in its order,', () => {
  test.each<[string, Topic['fates']]>([
    ['where all goes well', []],
    ['where transactions are aborted', ['well', 'aborted', 'aborted', 'well']],
    ['where nobody hears that a transaction was committed', ['well', 'committed unheard', 'committed unheard']],
  ])('%s', async (_, fates) => {
    const topic = new Topic(250, fates);
    const faults = fates.filter((fate) => fate !== 'well').length;
    expect(await after(20_000, close(topic, plan(250)))).toEqual({ sent: 250, skipped: [] });
    expect(sentKeys(topic)).toEqual(inOrder(250));
    expect([topic.closings, topic.begun]).toEqual([250, faults]);
  });

  test('and not again by a plan that has run', async () => {
    const topic = new Topic(30);
    await after(2_000, close(topic, plan(20)));
    const { sent, skipped } = await after(2_000, close(topic, plan(30)));
    expect([sent, skipped.length, skipped[0]?.why]).toEqual([10, 20, 'redriven already']);
    expect(sentKeys(topic)).toEqual(inOrder(30));
  });
});

test('a transaction has at most 100 letters, and no more go out in a second than the rate allows', async () => {
  const fast = new Topic(250);
  await after(5_000, close(fast, plan(250), { rate: 10_000 }));
  expect(fast.transactions).toEqual([100, 100, 50]);

  const slow = new Topic(40);
  const closing = close(slow, plan(40), { rate: 8 });
  await after(2_500, Promise.resolve());
  expect(slow.copies.length).toBeLessThanOrEqual(8 * 2.5 + 2);
  expect(slow.copies.length).toBeGreaterThan(10);
  expect(await after(5_000, closing)).toEqual({ sent: 40, skipped: [] });
});

test('a run that is stopped says why, and what it did stands', async () => {
  const topic = new Topic(20);
  const mayGoOn = (sent: number) => (sent < 4 ? Promise.resolve() : Promise.reject(new Stopped('enough')));
  expect(await after(2_000, close(topic, plan(20), { rate: 8, mayGoOn }))).toEqual({
    sent: 4,
    skipped: [],
    stopped: 'enough',
  });
  expect(sentKeys(topic)).toEqual(inOrder(4));
});

test('a signal ends it between two transactions', async () => {
  const topic = new Topic(20);
  const controller = new AbortController();
  const reading = { reader: topic.reader(), topology: TOPOLOGY, groupId: 'g', signal: controller.signal };
  const closing = close(topic, plan(20), { rate: 4, reading });
  await after(1_500, Promise.resolve());
  controller.abort();
  const { sent } = await after(250, closing);
  expect([topic.copies.length, topic.closings]).toEqual([sent, sent]);
  expect(sent).toBeLessThan(20);
});

test('what has expired is skipped, and what always fails ends the run', async () => {
  const topic = new Topic(2);
  expect(await after(2_000, close(topic, plan(3)))).toMatchObject({ sent: 2, skipped: [{ why: 'it has expired' }] });
  const broken = new Topic(2, Array(20).fill('aborted') as Topic['fates']);
  await expect(after(30_000, close(broken, plan(2)))).rejects.toThrow('aborted');
  expect(broken.copies).toEqual([]);
});

test('the account of a run is written with its first letters, and not without any', async () => {
  const topic = new Topic(3);
  await after(2_000, close(topic, plan(3)));
  expect(topic.records.filter(({ value }) => value?.toString() === '{}')).toHaveLength(1);
  const done = topic.records.length;
  await after(2_000, close(topic, plan(3)));
  expect(topic.records).toHaveLength(done);
});

test('letters of many bytes are shared out over transactions', () => {
  const sizes = [200_000, 100_000, 300_000, 10, 10];
  const letters = sizes.map((size, offset) => {
    const record = sourceRecord({ topic: DEAD, offset, value: Buffer.alloc(size), key: null });
    return { record, planned: { ...plan(1)[0]!, record: recordName(record) } };
  });
  expect(inParts(letters).map((part) => part.length)).toEqual([1, 1, 1, 2]);
});
