import { expect, test } from 'vitest';
import { Epoch, instant } from '../../../../src/kafka/group/epoch.ts';
import type { ConsumerGroup, FetchedBatch } from '../../../../src/kafka/kafkajs/types.ts';
import { Lanes } from '../../../../src/kafka/lanes/lanes.ts';
import type { CorruptBatch, FetchedMessages } from '../../../../src/kafka/wire/record-batches.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { AllParkedKeys } from '../../../../src/pipeline/all-parked-keys.ts';
import { Waits } from '../../../../src/pipeline/waits.ts';
import { pass, soon, SOURCE, TOPOLOGY, useVirtualTime } from '../../../support/fixtures.ts';

const RETRY = `${SOURCE}.retry.5s`;
const CORRUPT = { offset: 0, detail: 'its checksum is wrong' };

useVirtualTime();

/** Lanes of two partitions with one retry topic each, whose brokers answer as the test says. */
async function setUp(retry: { corrupt?: CorruptBatch } = {}) {
  const [facts, processed, paused]: [Fact[], string[], Set<string>] = [[], [], new Set()];
  const pointed: number[] = [];
  const lanes = new Lanes(
    { topics: { topology: TOPOLOGY, read: [SOURCE, RETRY] }, concurrency: 1 },
    {
      observe: (fact) => facts.push(fact),
      parkedKeys: new AllParkedKeys(),
      waits: new Waits(),
      process: ({ topic, partition, offset }) =>
        Promise.resolve(void processed.push(`${topic}:${partition}:${offset}`)),
      onError: () => undefined,
      isSuspect: () => false,
    },
  );
  const offsets = (end: number) =>
    [SOURCE, RETRY].map((topic) => ({
      topic,
      partitions: [0, 1].map((partition) => ({
        partition,
        offset: topic === RETRY && partition === 0 ? `${end}` : '0',
      })),
    }));
  const coordinator = {
    offsetFetch: () => Promise.resolve({ responses: offsets(0) }),
    offsetCommit: () => Promise.resolve(),
  };
  const fetch = () => {
    const messages: FetchedMessages = retry.corrupt === undefined ? [message(0)] : [];
    if (retry.corrupt !== undefined) messages.corrupt = retry.corrupt;
    const part = { partition: 0, lastStableOffset: '1', highWatermark: '1', abortedTransactions: [], messages };
    return Promise.resolve({ responses: [{ topicName: RETRY, partitions: [part] }] });
  };
  const cluster = {
    findGroupCoordinator: () => Promise.resolve(coordinator),
    findTopicPartitionMetadata: () => [0, 1].map((partitionId) => ({ partitionId, leader: 1 })),
    fetchTopicsOffset: ([first]: { fromBeginning: boolean }[]) =>
      Promise.resolve(offsets(first?.fromBeginning ? 0 : 1)),
    findBroker: () => Promise.resolve({ fetch }),
  };
  type Places = readonly { topic: string; partitions: readonly number[] }[];
  const named = (places: Places): string[] =>
    places.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}:${partition}`));
  const group = {
    ...{ cluster, coordinator, groupId: 'g', generationId: 1, memberId: 'm' },
    assigned: () => [SOURCE, RETRY].map((topic) => ({ topic, partitions: [0, 1] })),
    resolveOffset: ({ offset }: { offset: string }) => void pointed.push(Number(offset) + 1),
    pause: (places: Places) => named(places).forEach((name) => paused.add(name)),
    resume: (places: Places) => named(places).forEach((name) => paused.delete(name)),
  } as unknown as ConsumerGroup;
  const epoch = new Epoch(1, 30_000, instant());
  await lanes.open(group, epoch);
  const take = async (topic: string, partition: number, corrupt?: CorruptBatch, at?: Fetched): Promise<void> => {
    lanes.take(group, batch(topic, partition, corrupt, at));
    await soon();
  };
  const front = async (): Promise<number | undefined> => {
    return (await lanes.states()).find(({ topic, partition }) => topic === SOURCE && partition === 0)?.front;
  };
  return {
    facts,
    processed,
    paused,
    pointed,
    epoch,
    take,
    front,
    told: () => facts.filter(({ kind }) => kind === 'corrupt'),
  };
}

function message(offset: number): FetchedMessages[number] {
  return {
    offset: `${offset}`,
    timestamp: '1',
    key: Buffer.from('K'),
    value: null,
    headers: {},
    isControlRecord: false,
  };
}

/** What a broker was asked for, and the one record that it answered with. */
interface Fetched {
  readonly asked: number;
  readonly record: number;
}

function batch(
  topic: string,
  partition: number,
  corrupt?: CorruptBatch,
  { asked, record }: Fetched = { asked: 0, record: 0 },
): FetchedBatch {
  const messages: FetchedMessages = corrupt === undefined ? [message(record)] : [];
  if (corrupt !== undefined) messages.corrupt = corrupt;
  const fetched = { topic, partition, fetchedOffset: `${asked}`, highWatermark: '1', rawMessages: messages, messages };
  return { ...fetched, lastOffset: () => `${record}` };
}

test('a batch that was fetched for another offset than its lane waits for is neither taken nor committed past', async () => {
  const { take, told, processed, pointed, front } = await setUp();
  await take(SOURCE, 0, undefined, { asked: 77, record: 77 });
  await take(SOURCE, 0, { ...CORRUPT, offset: 77 }, { asked: 77, record: 77 });
  expect([processed, told(), await front()]).toEqual([[], [], 0]);
  expect(pointed.at(-1), 'it is read again from where the lane stands').toBe(0);

  await take(SOURCE, 0);
  expect([processed, await front()]).toEqual([[`${SOURCE}:0:0`], 1]);
});

test('a lane that is handed a corrupt batch waits for a second, tells it, and takes it when it is well', async () => {
  const { take, told, paused, processed } = await setUp();
  await take(SOURCE, 0, CORRUPT);
  expect(told()).toEqual([{ kind: 'corrupt', topic: SOURCE, partition: 0, ...CORRUPT }]);
  expect([...paused]).toEqual([`${SOURCE}:0`]);
  await take(SOURCE, 1);
  expect(processed, 'the others go on').toEqual([`${SOURCE}:1:0`]);

  await pass(999);
  expect([...paused]).toEqual([`${SOURCE}:0`]);
  await pass(1);
  expect([...paused]).toEqual([]);
  await take(SOURCE, 0, CORRUPT);
  expect(told()).toHaveLength(2);
  await pass(1_000);
  await take(SOURCE, 0);
  expect(processed).toEqual([`${SOURCE}:1:0`, `${SOURCE}:0:0`]);
});

test('where something parked cannot be read, nothing of its partition number is taken before it can', async () => {
  const retry: { corrupt?: CorruptBatch } = { corrupt: CORRUPT };
  const { take, told, paused, processed } = await setUp(retry);
  expect(told()).toEqual([{ kind: 'corrupt', topic: RETRY, partition: 0, ...CORRUPT }]);
  expect([...paused].sort()).toEqual([`${RETRY}:0`, `${SOURCE}:0`].sort());
  await take(SOURCE, 0);
  await take(RETRY, 0);
  await take(SOURCE, 1);
  expect(processed).toEqual([`${SOURCE}:1:0`]);

  await pass(1_000);
  expect([told().length, paused.size]).toEqual([2, 2]);
  delete retry.corrupt;
  await pass(1_000);
  expect([told().length, paused.size]).toEqual([2, 0]);
  await take(SOURCE, 0);
  expect(processed).toEqual([`${SOURCE}:1:0`, `${SOURCE}:0:0`]);
});

test('a member that gives its partitions back waits for nothing more', async () => {
  const { paused, epoch, told } = await setUp({ corrupt: CORRUPT });
  epoch.end();
  await pass(5_000);
  expect([told().length, paused.size]).toEqual([1, 2]);
});
