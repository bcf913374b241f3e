import { describe, expect, test } from 'vitest';
import { writeHeaders } from '../../../../src/core/provenance.ts';
import type { Broker, Cluster } from '../../../../src/kafka/kafkajs/types.ts';
import { ParkedReader } from '../../../../src/kafka/lanes/parked-reader.ts';
import type { FetchedMessages } from '../../../../src/kafka/wire/record-batches.ts';
import { AllParkedKeys } from '../../../../src/pipeline/all-parked-keys.ts';
import { SOURCE, sourceRecord, TOPOLOGY } from '../../../support/fixtures.ts';

const [SOON, LATER] = [`${SOURCE}.retry.5s`, `${SOURCE}.retry.30s`];
const NEVER = new AbortController().signal;

/** Partition 0 of one retry topic: so many parked events, of which readers may see those before `stable`. */
interface Log {
  readonly count: number;
  readonly stable?: number;
  readonly leader: number;
  corruptAt?: number;
}

const originOf = (topic: string, offset: number): number => offset + (topic === SOON ? 100 : 200);

/** The headers of an event of this partition that is parked there. */
function headersAt(topic: string, offset: number) {
  const origin = { topic: SOURCE, partition: 0, offset: originOf(topic, offset), timestamp: 1 };
  return writeHeaders({}, { origin, attempts: 1, hops: 1, paymentId: `${topic}@${offset}` });
}

function stored(topic: string, offset: number): FetchedMessages[number] {
  const bytes = Object.entries(headersAt(topic, offset)).map(([name, value]) => [name, Buffer.from(String(value))]);
  const headers = Object.fromEntries(bytes) as Record<string, Buffer>;
  return { offset: `${offset}`, timestamp: '1', key: null, value: null, headers, isControlRecord: false };
}

/** Brokers that answer only for what they lead, and one record a fetch. */
function clusterOf(logs: Readonly<Record<string, Log>>): Cluster {
  const led = (nodeId: number, topic: string): Log => {
    const log = logs[topic];
    if (log?.leader !== nodeId) throw new Error(`broker ${nodeId} does not lead ${topic}`);
    return log;
  };
  const broker = (nodeId: number): Partial<Broker> => ({
    listOffsets: async ({ topics }) => {
      await Promise.resolve();
      const offset = (topic: string) => [{ partition: 0, offset: `${led(nodeId, topic).count}` }];
      return { responses: topics.map(({ topic }) => ({ topic, partitions: offset(topic) })) };
    },
    fetch: async ({ topics, isolationLevel }) => {
      await Promise.resolve();
      const responses = topics.map(({ topic, partitions }) => {
        const { count, stable = count, corruptAt } = led(nodeId, topic);
        const from = Number(partitions[0]?.fetchOffset);
        const messages: FetchedMessages = [];
        if (from === corruptAt) messages.corrupt = { offset: from, detail: 'wrong' };
        else if (from < (isolationLevel === 0 ? count : stable)) messages.push(stored(topic, from));
        const ends = { highWatermark: `${count}`, lastStableOffset: `${stable}`, abortedTransactions: [] };
        return { topicName: topic, partitions: [{ partition: 0, ...ends, messages }] };
      });
      return { responses };
    },
  });
  const cluster: Partial<Cluster> = {
    findTopicPartitionMetadata: (topic) => [{ partitionId: 0, leader: logs[topic]?.leader ?? -1 }],
    findBroker: ({ nodeId }) => Promise.resolve(broker(Number(nodeId)) as Broker),
  };
  return cluster as Cluster;
}

const ASSIGNED = new Map([
  [SOURCE, [0]],
  [SOON, [0]],
  [LATER, [0]],
]);

/** Memory for so many of them. */
function roomFor(count: number): AllParkedKeys {
  const one = new AllParkedKeys().of(0);
  one.join({ key: `payment ${SOON}@0`, origin: 1, redrives: 0, hops: 1, tier: '5s', offset: 1, notBefore: 0 });
  return new AllParkedKeys(count * one.bytes);
}

const learn = (parkedKeys: AllParkedKeys, logs: Readonly<Record<string, Log>>) =>
  new ParkedReader(TOPOLOGY, parkedKeys).learn(clusterOf(logs), ASSIGNED, new Map(), NEVER);

describe.each([
  ['one broker', 1],
  ['two brokers', 2],
])('what is parked in several tiers, led by %s', (_, leader) => {
  test('is read of each to its end', async () => {
    const parkedKeys = new AllParkedKeys();
    const logs = { [SOON]: { count: 3, leader: 1 }, [LATER]: { count: 2, stable: 1, leader } };
    expect(await learn(parkedKeys, logs)).toEqual({ records: 5, corrupt: [], full: [] });
    expect(Object.fromEntries(parkedKeys.of(0).byTier)).toEqual({
      '5s': { keys: 3, copies: 3 },
      '30s': { keys: 2, copies: 2 },
    });
  });

  test('is not known where one of them cannot be read on: the other is, through its open transaction', async () => {
    const parkedKeys = new AllParkedKeys();
    const logs = { [SOON]: { count: 3, leader: 1, corruptAt: 1 }, [LATER]: { count: 3, stable: 1, leader } };
    expect(await learn(parkedKeys, logs)).toEqual({
      records: 4,
      corrupt: [{ topic: SOON, partition: 0, offset: 1, detail: 'wrong' }],
      full: [],
    });
    expect(parkedKeys.of(0).size).toBe(4);
  });

  test('is not known where there is no room for one of them: nothing of it is kept then', async () => {
    const parkedKeys = roomFor(2);
    const logs = { [SOON]: { count: 1, leader: 1 }, [LATER]: { count: 9, leader } };
    expect(await learn(parkedKeys, logs)).toMatchObject({ corrupt: [], full: [0] });
    expect(parkedKeys.of(0).size).toBe(0);
  });

  test('is not known either where there is no room for what open transactions hold', async () => {
    const parkedKeys = roomFor(2);
    const logs = { [SOON]: { count: 1, leader: 1 }, [LATER]: { count: 9, stable: 1, leader } };
    expect(await learn(parkedKeys, logs)).toMatchObject({ corrupt: [], full: [0] });
    expect(parkedKeys.of(0).size).toBe(0);
  });
});

test('where there is no room to read at all, what is known already stays known', async () => {
  const parkedKeys = roomFor(1);
  await learn(parkedKeys, { [SOON]: { count: 1, leader: 1 }, [LATER]: { count: 0, leader: 1 } });
  expect(parkedKeys.full).toBe(true);
  const grown = { [SOON]: { count: 2, leader: 1 }, [LATER]: { count: 0, leader: 1 } };
  expect(await learn(parkedKeys, grown)).toEqual({ records: 0, corrupt: [], full: [0] });
  expect(parkedKeys.of(0).size).toBe(1);
});

test('a copy that is known is read again by its lane, however much is parked, and is decided then', () => {
  const parkedKeys = roomFor(1);
  const reader = new ParkedReader(TOPOLOGY, parkedKeys);
  const known = { key: `payment ${SOON}@0`, origin: 100, redrives: 0, hops: 1, tier: '5s', offset: 0, notBefore: 0 };
  parkedKeys.of(0).joinUndecided(known);
  parkedKeys.of(0).join({ ...known, origin: 90, tier: '2m' });
  expect(parkedKeys.overfull).toBe(true);
  const headers = headersAt(SOON, 0);
  const record = sourceRecord({ topic: SOON, partition: 0, offset: 0, key: null, headers });
  const next = { ...record, offset: 1, headers: headersAt(SOON, 1) };
  expect(reader.admit(SOON, 0, [record, next], 2, true)).toEqual([record]);
  expect(parkedKeys.of(0).turnOfSource(known.key, 100)).toEqual({ kind: 'superseded' });
});
