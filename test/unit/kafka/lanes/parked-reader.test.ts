import { expect, test } from 'vitest';
import { writeHeaders } from '../../../../src/core/provenance.ts';
import { recordsOf } from '../../../../src/kafka/kafkajs/fetched.ts';
import type { Broker, Cluster } from '../../../../src/kafka/kafkajs/types.ts';
import { ParkedReader } from '../../../../src/kafka/lanes/parked-reader.ts';
import type { FetchedMessages } from '../../../../src/kafka/wire/record-batches.ts';
import { AllParkedKeys } from '../../../../src/pipeline/all-parked-keys.ts';
import { Abandoned } from '../../../../src/pipeline/ports.ts';
import { SOURCE, TOPOLOGY } from '../../../support/fixtures.ts';

const RETRY = `${SOURCE}.retry.5s`;
const NEVER = new AbortController().signal;

/** A record of a retry topic as a fetch brings it; `aborted` and `control` as transactions leave them behind. */
function stored(partition: number, offset: number, what: 'parked' | 'control' = 'parked') {
  const origin = { topic: SOURCE, partition, offset: 100 + offset, timestamp: 1 };
  const headers = writeHeaders({}, { origin, attempts: 1, hops: 1, notBefore: 5, paymentId: `P${String(offset)}` });
  const bytes = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(String(value))]));
  const about = { offset: String(offset), timestamp: '1', value: null, isControlRecord: what === 'control' };
  return {
    ...about,
    key: null,
    headers: bytes,
    batchContext: { producerId: '-1', isControlBatch: what === 'control' },
  };
}

/** Brokers that lead one partition each, by its number, and hand out at most two records a fetch. */
function clusterOf(
  logs: Readonly<Record<number, { records: ReturnType<typeof stored>[]; stable: number; corruptAt?: number }>>,
) {
  const fetched: string[] = [];
  const broker = (leader: number): Partial<Broker> => ({
    listOffsets: ({ topics }) => {
      const responses = topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({
          partition,
          offset: String(logs[partition]?.records.length ?? 0),
        })),
      }));
      return Promise.resolve({ responses });
    },
    fetch: ({ topics, isolationLevel }) =>
      Promise.resolve({
        responses: topics.map(({ topic, partitions }) => ({
          topicName: topic,
          partitions: partitions.map(({ partition, fetchOffset }) => {
            fetched.push(`${String(leader)}: ${String(partition)} from ${fetchOffset}`);
            const { records = [], stable = 0, corruptAt = Infinity } = logs[partition] ?? {};
            const end = isolationLevel === 0 ? records.length : stable;
            const visible = records.filter(
              ({ offset }) => Number(offset) >= Number(fetchOffset) && Number(offset) < Math.min(end, corruptAt),
            );
            const answer = {
              partition,
              highWatermark: String(records.length),
              lastStableOffset: String(stable),
              abortedTransactions: [],
            };
            const messages: FetchedMessages = visible.slice(0, 2);
            if (Number(fetchOffset) === corruptAt) messages.corrupt = { offset: corruptAt, detail: 'wrong' };
            return { ...answer, messages };
          }),
        })),
      }),
  });
  const cluster: Partial<Cluster> = {
    findTopicPartitionMetadata: () => Object.keys(logs).map((id) => ({ partitionId: Number(id), leader: Number(id) })),
    findBroker: ({ nodeId }) => Promise.resolve(broker(Number(nodeId)) as Broker),
  };
  return { cluster: cluster as Cluster, fetched };
}

const starts = (offset: number): Map<string, number> =>
  new Map([0, 1].map((number) => [`${RETRY}:${String(number)}`, offset]));

test('reads each partition from where its lane begins to its end, through open transactions, from its leader', async () => {
  const records = (partition: number, count: number) => Array.from({ length: count }, (_, at) => stored(partition, at));
  const { cluster, fetched } = clusterOf({
    0: { records: records(0, 5), stable: 5 },
    1: { records: [...records(1, 3), stored(1, 3, 'control'), stored(1, 4)], stable: 4 },
  });
  const parkedKeys = new AllParkedKeys();
  const reader = new ParkedReader(TOPOLOGY, parkedKeys);
  const assigned = new Map([
    [SOURCE, [0, 1]],
    [RETRY, [0, 1]],
  ] as const);
  expect(await reader.learn(cluster, assigned, starts(1), NEVER)).toEqual({ records: 4 + 3, corrupt: [], full: [] });
  expect([parkedKeys.of(0).size, parkedKeys.of(1).size]).toEqual([4, 3]);
  expect(fetched.filter((line) => line.startsWith('0:'))).toEqual(['0: 0 from 1', '0: 0 from 3']);
  expect(fetched.filter((line) => line.startsWith('1:'))).toEqual(['1: 1 from 1', '1: 1 from 3', '1: 1 from 4']);
});

test('what is parked of the source from where that is read on, is passed over by it once it was settled', async () => {
  const { cluster } = clusterOf({ 0: { records: [stored(0, 0), stored(0, 1)], stable: 2 } });
  const parkedKeys = new AllParkedKeys();
  const assigned = new Map([
    [SOURCE, [0]],
    [RETRY, [0]],
  ] as const);
  const from = new Map([...starts(0), [`${SOURCE}:0`, 101]]);
  await new ParkedReader(TOPOLOGY, parkedKeys).learn(cluster, assigned, from, NEVER);
  const parked = parkedKeys.of(0);
  for (const offset of [0, 1]) parked.settled('5s', offset);
  const [before, after] = [100, 101].map(
    (origin) => parked.turnOfSource(`payment P${String(origin - 100)}`, origin).kind,
  );
  expect([before, after]).toEqual(['send', 'superseded']);
});

test('does not read again what it knows, and forgets partitions that went to others', async () => {
  const log = { records: [stored(0, 0), stored(0, 1)], stable: 2 };
  const { cluster, fetched } = clusterOf({ 0: log });
  const parkedKeys = new AllParkedKeys();
  const reader = new ParkedReader(TOPOLOGY, parkedKeys);
  const assigned = new Map([
    [SOURCE, [0]],
    [RETRY, [0]],
  ] as const);
  await reader.learn(cluster, assigned, starts(0), NEVER);
  log.records.push(stored(0, 2));
  log.stable = 3;
  expect(await reader.learn(cluster, assigned, starts(1), NEVER)).toEqual({ records: 1, corrupt: [], full: [] });
  expect(fetched).toEqual(['0: 0 from 0', '0: 0 from 2']);
  expect(parkedKeys.of(0).size).toBe(2);

  expect((await reader.learn(cluster, new Map([[SOURCE, [1]]]), new Map(), NEVER)).records).toBe(0);
  expect(parkedKeys.keys).toBe(0);
});

test('of a topic that is gone nothing counts as read: what is parked in the next one of its name is remembered', async () => {
  const { cluster } = clusterOf({});
  const parkedKeys = new AllParkedKeys();
  const assigned = new Map([
    [SOURCE, [0]],
    [RETRY, [0]],
  ] as const);
  await new ParkedReader(TOPOLOGY, parkedKeys).learnMore(cluster, assigned, starts(6), NEVER);
  const copy = { key: 'K', origin: 3, redrives: 0, hops: 1, tier: '5s', offset: 0, notBefore: 0 };
  parkedKeys.of(0).written(copy);
  expect(parkedKeys.of(0).turnOfSource('K', 4).kind).toBe('behind');
});

test('records of the source are nothing that is parked', () => {
  const parkedKeys = new AllParkedKeys();
  new ParkedReader(TOPOLOGY, parkedKeys).admit(SOURCE, 0, [], 7, true);
  new ParkedReader(TOPOLOGY, parkedKeys).expired(SOURCE, 0, 7);
  expect(parkedKeys.of(0).startAt('main', 3)).toBe(3);
});

test('what the broker has deleted blocks its key no longer', async () => {
  const parkedKeys = new AllParkedKeys();
  const reader = new ParkedReader(TOPOLOGY, parkedKeys);
  const { cluster } = clusterOf({ 0: { records: [stored(0, 0), stored(0, 1)], stable: 2 } });
  await reader.learn(cluster, new Map([[RETRY, [0]]]), starts(0), NEVER);
  reader.expired(RETRY, 0, 1);
  expect(parkedKeys.keys).toBe(1);
});

test('a corrupt batch is not passed over: reading ends there, and goes on there when it is well', async () => {
  const records = Array.from({ length: 4 }, (_, at) => stored(0, at));
  const log: { records: typeof records; stable: number; corruptAt?: number } = { records, stable: 4, corruptAt: 3 };
  const { cluster, fetched } = clusterOf({ 0: log, 1: { records: [stored(1, 0)], stable: 1 } });
  const parkedKeys = new AllParkedKeys();
  const reader = new ParkedReader(TOPOLOGY, parkedKeys);
  const both = new Map([[RETRY, [0, 1]]]);
  expect(await reader.learn(cluster, both, starts(0), NEVER)).toEqual({
    records: 4,
    corrupt: [{ topic: RETRY, partition: 0, offset: 3, detail: 'wrong' }],
    full: [],
  });
  expect([parkedKeys.of(0).size, parkedKeys.of(1).size]).toEqual([3, 1]);

  delete log.corruptAt;
  fetched.length = 0;
  const only = new Map([[RETRY, [0]]]);
  expect(await reader.learnMore(cluster, only, starts(0), NEVER)).toEqual({ records: 1, corrupt: [], full: [] });
  expect([parkedKeys.of(0).size, parkedKeys.of(1).size, fetched]).toEqual([4, 1, ['0: 0 from 3']]);
});

test('reading is given up when the partitions go to others', async () => {
  const { cluster } = clusterOf({ 0: { records: [stored(0, 0)], stable: 1 } });
  const learning = new ParkedReader(TOPOLOGY, new AllParkedKeys()).learn(
    cluster,
    new Map([[RETRY, [0]]]),
    starts(0),
    AbortSignal.abort(),
  );
  await expect(learning).rejects.toBeInstanceOf(Abandoned);
});

test('what stands behind an open transaction is parked, until its lane passes over what was aborted', async () => {
  const { cluster } = clusterOf({ 0: { records: [stored(0, 0), stored(0, 1)], stable: 0 } });
  const parkedKeys = new AllParkedKeys();
  const reader = new ParkedReader(TOPOLOGY, parkedKeys);
  await reader.learn(cluster, new Map([[RETRY, [0]]]), starts(0), NEVER);
  const parked = parkedKeys.of(0);
  const turn = (name: string, origin: number) => parked.turnOfSource(`payment ${name}`, origin).kind;
  expect([parked.size, turn('P0', 100), turn('P0', 101), turn('P1', 101)]).toEqual([2, 'wait', 'behind', 'wait']);
  reader.passed(RETRY, 0, [0]);
  expect([parked.size, turn('P0', 101), turn('P1', 101)]).toEqual([1, 'send', 'wait']);
  reader.passed(SOURCE, 0, [1]);
  expect(parked.size, 'an offset of the source is none of a retry topic').toBe(1);
});

test('an answer that comes when the partitions have gone to others is not learnt: they may be known anew by then', async () => {
  const { cluster } = clusterOf({ 0: { records: [stored(0, 0)], stable: 1 } });
  const closing = new AbortController();
  const late: Partial<Cluster> = {
    ...cluster,
    findBroker: async (query) => {
      const broker = await cluster.findBroker(query);
      const fetch: Broker['fetch'] = async (asked) => {
        const answer = await broker.fetch(asked);
        closing.abort();
        return answer;
      };
      return { ...broker, fetch };
    },
  };
  const parkedKeys = new AllParkedKeys();
  const reader = new ParkedReader(TOPOLOGY, parkedKeys);
  const learning = reader.learn(late as Cluster, new Map([[RETRY, [0]]]), starts(0), closing.signal);
  await expect(learning).rejects.toBeInstanceOf(Abandoned);
  expect(parkedKeys.keys).toBe(0);
});

test('what was read is known, so that its writer, who hears of it later, does not take it for parked any more', () => {
  const parkedKeys = new AllParkedKeys();
  const reader = new ParkedReader(TOPOLOGY, parkedKeys);
  const messages: FetchedMessages = [stored(0, 0)];
  const batch = {
    topic: RETRY,
    partition: 0,
    fetchedOffset: '0',
    highWatermark: '1',
    lastStableOffset: '1',
    rawMessages: messages,
    messages,
  };
  const records = recordsOf(batch);
  expect(reader.admit(RETRY, 0, records, 1, true)).toEqual(records);
  const parked = parkedKeys.of(0);
  const copy = { key: 'payment P0', origin: 100, redrives: 0, hops: 1, tier: '5s', offset: 0, notBefore: 5 };
  expect(parked.has(copy)).toBe(true);
  parked.leave(copy);
  parked.written(copy);
  expect(parked.size).toBe(0);
});
