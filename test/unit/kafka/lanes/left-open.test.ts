import { expect, test } from 'vitest';
import type { Broker, Cluster, FetchedPartition } from '../../../../src/kafka/kafkajs/types.ts';
import { LeftOpen } from '../../../../src/kafka/lanes/left-open.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { pass, SOURCE, useVirtualTime } from '../../../support/fixtures.ts';

const RETRY = `${SOURCE}.retry.5s`;
const REDRIVEN = { 'notifier-redrive-id': Buffer.from('a-run') };

useVirtualTime();

/** A retry topic of two partitions: from which offset on each is held back, with what, and what its end is. */
function setUp() {
  const partitions = [0, 1].map(() => ({ stable: 0, high: 0, headers: {} }));
  const facts: Fact[] = [];
  const taken: object[] = [];
  /** How the coordinator answers, those who are asked for it, and the leaders. */
  const answers = {
    take: (): Promise<unknown> => Promise.resolve(),
    find: (): Promise<void> => Promise.resolve(),
    read: (): Promise<void> => Promise.resolve(),
  };
  const isolations = new Set<number>();
  const fetch: Broker['fetch'] = async ({ topics, isolationLevel }) => {
    isolations.add(isolationLevel);
    await answers.read();
    const responses = topics.map(({ topic, partitions: asked }) => ({
      topicName: topic,
      partitions: asked.map(({ partition, fetchOffset: offset }): FetchedPartition => {
        const { stable, high, headers } = partitions[partition] ?? { stable: 0, high: 0, headers: {} };
        const record = { offset, timestamp: '1', key: null, value: null, headers, isControlRecord: false };
        const ends = { lastStableOffset: `${stable}`, highWatermark: `${high}` };
        return { partition, ...ends, abortedTransactions: [], messages: [record] };
      }),
    }));
    return { responses };
  };
  const broker = {
    ...{ nodeId: 1, fetch },
    findGroupCoordinator: async ({ groupId, coordinatorType }: { groupId: string; coordinatorType: number }) => {
      expect([groupId, coordinatorType]).toEqual(['g.redrive', 1]);
      await answers.find();
      return { coordinator: { nodeId: 1 } };
    },
    initProducerId: (query: object) => {
      taken.push(query);
      return answers.take();
    },
  };
  const cluster = {
    getNodeIds: () => ['1'],
    findBroker: () => Promise.resolve(broker),
    findTopicPartitionMetadata: () => [0, 1].map((partitionId) => ({ partitionId, leader: 1 })),
  } as unknown as Cluster;
  const closing = new AbortController();
  const observe = (fact: Fact): void => void facts.push(fact);
  const leftOpen = new LeftOpen({ cluster, groupId: 'g', source: SOURCE, closing: closing.signal, observe });
  /** Leaders tell what there is. */
  const told = (topic = RETRY): void => {
    for (const [partition, { stable, high }] of partitions.entries()) {
      const ends = { lastStableOffset: `${stable}`, highWatermark: `${high}` };
      leftOpen.fetched({ topic, partition, fetchedOffset: `${stable}`, ...ends, rawMessages: [], messages: [] });
    }
  };
  /** A transaction is open in these partitions. */
  const open = (headers: Record<string, Buffer>, ...numbers: number[]): void => {
    for (const number of numbers) partitions[number] = { stable: 5, high: 9, headers };
    told();
  };
  const end = (): void => {
    for (const one of partitions) one.stable = one.high;
    told();
  };
  return { facts, taken, answers, isolations, closing, partitions, told, open, end };
}

function refusing(type: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(type), { type }));
}

test('what a redrive has left open is ended when its time is over, once, however many partitions it holds back', async () => {
  const { open, end, taken, facts, isolations, answers } = setUp();
  answers.take = refusing('CONCURRENT_TRANSACTIONS');
  open(REDRIVEN, 0, 1);
  await pass(2_999);
  expect(taken).toEqual([]);
  await pass(1);
  expect(taken).toEqual([{ transactionalId: 'g.redrive', transactionTimeout: 3_000 }]);
  expect(facts).toEqual([
    {
      ...{ kind: 'redrive_left_open', result: 'ended', transactionalId: 'g.redrive' },
      record: { topic: RETRY, partition: 0, offset: 5 },
    },
  ]);
  expect([...isolations]).toEqual([0]);
  end();
  await pass(60_000);
  expect(taken).toHaveLength(1);
});

test('each redrive that is killed has its own time', async () => {
  const { open, end, taken } = setUp();
  for (let killed = 1; killed <= 3; killed += 1) {
    open(REDRIVEN, 0);
    await pass(2_999);
    expect(taken).toHaveLength(killed - 1);
    await pass(1);
    expect(taken).toHaveLength(killed);
    end();
    await pass(10_000);
  }
});

test('what ends in time is let be', async () => {
  const { open, end, taken } = setUp();
  open(REDRIVEN, 0);
  await pass(1_000);
  end();
  await pass(60_000);
  expect(taken).toEqual([]);
});

test('what has ended in time without a word, since its lane is full and fetches no more, is let be', async () => {
  const { open, partitions, taken, isolations } = setUp();
  open(REDRIVEN, 0);
  await pass(1_000);
  partitions[0] = { stable: 10, high: 10, headers: REDRIVEN };
  await pass(60_000);
  expect([[...isolations], taken]).toEqual([[0], []]);
});

test('transactions of others are never ended, and looked at once', async () => {
  const { open, taken, facts, isolations } = setUp();
  open({ 'other-header': Buffer.from('x') }, 0, 1);
  await pass(3_000);
  expect([...isolations]).toEqual([0]);
  isolations.clear();
  await pass(600_000);
  expect([[...isolations], taken, facts]).toEqual([[], [], []]);
});

test('transactions of the source are not looked at', async () => {
  const { partitions, told, taken, isolations } = setUp();
  partitions[0] = { stable: 5, high: 9, headers: REDRIVEN };
  told(SOURCE);
  await pass(60_000);
  expect([taken, [...isolations]]).toEqual([[], []]);
});

test('without the right that is told once, and the brokers are waited for', async () => {
  const { open, answers, facts } = setUp();
  answers.find = refusing('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
  open(REDRIVEN, 0, 1);
  await pass(600_000);
  expect(facts).toMatchObject([{ kind: 'redrive_left_open', result: 'forbidden' }]);
});

test('a coordinator that does not do it is asked again every 5 s, until the transaction has ended', async () => {
  const { open, end, answers, taken, facts } = setUp();
  answers.take = refusing('NOT_COORDINATOR_FOR_GROUP');
  open(REDRIVEN, 0);
  await pass(3_000);
  expect(facts).toMatchObject([{ result: 'failed', error: { message: 'NOT_COORDINATOR_FOR_GROUP' } }]);
  await pass(4_999);
  expect(taken).toHaveLength(1);
  answers.take = () => Promise.resolve();
  await pass(1);
  expect(facts).toMatchObject([{ result: 'failed' }, { result: 'ended' }]);
  end();
  await pass(60_000);
  expect(taken).toHaveLength(2);
});

test('whose transaction it is, is asked every 5 s for as long as nobody says it, without a word', async () => {
  const { open, answers, taken, facts } = setUp();
  answers.read = refusing('NOT_LEADER_FOR_PARTITION');
  open(REDRIVEN, 0, 1);
  await pass(7_999);
  expect([taken, facts]).toEqual([[], []]);
  answers.read = () => Promise.resolve();
  await pass(1);
  expect([taken.length, facts.length]).toEqual([1, 1]);
});

test('who gives its partitions back ends nothing any more', async () => {
  const { open, closing, taken } = setUp();
  open(REDRIVEN, 0);
  await pass(2_000);
  closing.abort();
  await pass(60_000);
  expect(taken).toEqual([]);
});
