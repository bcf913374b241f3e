import type { Consumer, Kafka } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { kafkajs } from '../../../src/kafka/kafkajs/patched.ts';
import { Cluster, type ClusterOptions } from '../../simulation/brokers/cluster.ts';
import { directSockets } from '../../simulation/conformance/direct-sockets.ts';
import { until } from '../../support/until.ts';

function clusterOf(brokers: number, settings: ClusterOptions['settings'] = {}): Cluster {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
  return new Cluster({ brokers, random, settings: { initialRebalanceDelayMs: 0, ...settings } });
}

function clientOf(cluster: Cluster, clientId = 'test'): Kafka {
  return new kafkajs.Kafka({
    ...{ clientId, brokers: cluster.addresses, socketFactory: directSockets(cluster) },
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 20 },
  });
}

interface Seen {
  readonly partition: number;
  readonly offset: string;
  readonly value: string;
  readonly by: string;
}

async function member(cluster: Cluster, clientId: string, seen: Seen[], topic = 'events'): Promise<Consumer> {
  const consumer = clientOf(cluster, clientId).consumer({
    groupId: 'group',
    maxWaitTimeInMs: 50,
    heartbeatInterval: 100,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: ({ partition, message: { offset, value } }) => {
      seen.push({ partition, offset, value: String(value), by: clientId });
      return Promise.resolve();
    },
  });
  onTestFinished(() => consumer.disconnect());
  return consumer;
}

test('what a producer writes is read by a group of two, in order, and committed', async () => {
  const cluster = clusterOf(3);
  const kafka = clientOf(cluster);
  const admin = kafka.admin();
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await Promise.all([admin.connect(), producer.connect()]);
  onTestFinished(async () => {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });
  await admin.createTopics({ topics: [{ topic: 'events', numPartitions: 4, replicationFactor: 3 }] });
  expect(await admin.listTopics()).toContain('events');

  const seen: Seen[] = [];
  await member(cluster, 'first', seen);
  await until('the first to own everything', () => cluster.group('group').state === 'Stable');
  await member(cluster, 'second', seen);
  await until('both to be in one generation', () => {
    const { state, members } = cluster.group('group');
    return state === 'Stable' && members.length === 2;
  });
  for (let at = 0; at < 20; at += 1) {
    await producer.send({
      topic: 'events',
      messages: [{ partition: at % 4, key: 'k', value: `v${at}`, headers: { a: 'b' } }],
    });
  }
  await until('all to be committed', () =>
    [0, 1, 2, 3].every((partition) => cluster.committed('group', 'events', partition)?.offset === 5),
  );
  expect(new Set(seen.map(({ by }) => by))).toEqual(new Set(['first', 'second']));
  for (const partition of [0, 1, 2, 3]) {
    expect(seen.filter((one) => one.partition === partition).map(({ offset }) => offset)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
    ]);
    expect(cluster.logs.records('events', partition).map(({ value }) => String(value))).toEqual(
      [0, 1, 2, 3, 4].map((at) => `v${at * 4 + partition}`),
    );
  }
});
