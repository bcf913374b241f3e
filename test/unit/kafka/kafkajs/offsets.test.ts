import { expect, test } from 'vitest';
import { highWatermarks } from '../../../../src/kafka/kafkajs/offsets.ts';
import type { Broker, Cluster } from '../../../../src/kafka/kafkajs/types.ts';

test('ends are asked of each leader, open transactions included; a partition without a leader has none', async () => {
  const asked: unknown[] = [];
  const leaders: Readonly<Record<string, readonly number[]>> = { a: [1, 2, -1, 2], b: [2] };
  const cluster: Partial<Cluster> = {
    findTopicPartitionMetadata: (topic) =>
      (leaders[topic] ?? []).map((leader, partitionId) => ({ partitionId, leader })),
    findBroker: ({ nodeId }) => {
      const broker: Partial<Broker> = {
        listOffsets: (query) => {
          asked.push({ nodeId, ...query });
          const answered = query.topics.map(({ topic, partitions }) => ({
            topic,
            partitions: partitions.map(({ partition }) => ({ partition, offset: `${nodeId}${String(partition)}` })),
          }));
          return Promise.resolve({ responses: answered });
        },
      };
      return Promise.resolve(broker as Broker);
    },
  };
  const partitions = new Map([
    ['a', [0, 1, 2, 3]],
    ['b', [0]],
    ['gone', [0]],
  ]);
  const ends = await highWatermarks(cluster as Cluster, partitions);
  expect(Object.fromEntries(ends)).toEqual({ 'a:0': 10, 'a:1': 21, 'a:3': 23, 'b:0': 20 });
  const latest = (topic: string, ...own: number[]) => ({
    topic,
    partitions: own.map((partition) => ({ partition, timestamp: -1 })),
  });
  expect(asked).toEqual([
    { nodeId: '1', replicaId: -1, isolationLevel: 0, topics: [latest('a', 0)] },
    { nodeId: '2', replicaId: -1, isolationLevel: 0, topics: [latest('a', 1, 3), latest('b', 0)] },
  ]);
});
