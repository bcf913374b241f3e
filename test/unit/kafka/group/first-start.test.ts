import { describe, expect, test } from 'vitest';
import { commitFirstStart } from '../../../../src/kafka/group/first-start.ts';
import type { Cluster, TopicOffsets } from '../../../../src/kafka/kafkajs/types.ts';

const START = {
  groupId: 'g',
  source: 'pay',
  retryTopics: ['pay.retry.5s'],
  startFrom: 'latest',
  partitionsOf: () => [0, 1],
} as const;

const END = 7;

/** Brokers whose source ends at 7. @param committed what the group has committed when it is asked for the nth time, -1 for nothing */
function brokers({ committed, parked }: { readonly committed: readonly number[]; readonly parked: number }) {
  const commits: (readonly TopicOffsets[])[] = [];
  const asked = { times: 0 };
  const offsets = (topic: string, partitions: readonly { partition: number }[], offset: number): TopicOffsets => ({
    topic,
    partitions: partitions.map(({ partition }) => ({ partition, offset: String(offset) })),
  });
  const coordinator = {
    offsetFetch: ({
      topics,
    }: {
      topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
    }) => {
      const known = committed[Math.min((asked.times += 1), committed.length) - 1] ?? -1;
      return Promise.resolve({ responses: topics.map(({ topic, partitions }) => offsets(topic, partitions, known)) });
    },
    offsetCommit: ({ topics }: { topics: readonly TopicOffsets[] }) => Promise.resolve(void commits.push(topics)),
  };
  const ends = (topic: string): number => (topic === START.source ? END : parked);
  const leader = {
    listOffsets: ({ topics }: { topics: readonly { topic: string; partitions: readonly { partition: number }[] }[] }) =>
      Promise.resolve({ responses: topics.map(({ topic, partitions }) => offsets(topic, partitions, ends(topic))) }),
  };
  const cluster = {
    findGroupCoordinator: () => Promise.resolve(coordinator),
    findBroker: () => Promise.resolve(leader),
    findTopicPartitionMetadata: () => [0, 1].map((partitionId) => ({ partitionId, leader: 1 })),
    fetchTopicsOffset: (
      topics: readonly { topic: string; partitions: readonly { partition: number }[]; fromBeginning: boolean }[],
    ) =>
      Promise.resolve(
        topics.map(({ topic, partitions, fromBeginning }) =>
          offsets(topic, partitions, fromBeginning ? 0 : ends(topic)),
        ),
      ),
  };
  return { cluster: cluster as unknown as Cluster, commits };
}

describe('a group without offsets', () => {
  test('gets a start for every partition of the source', async () => {
    const { cluster, commits } = brokers({ committed: [-1], parked: 0 });
    expect(await commitFirstStart(cluster, START)).toBeUndefined();
    const partitions = [0, 1].map((partition) => ({ partition, offset: String(END), metadata: '' }));
    expect(commits).toEqual([[{ topic: 'pay', partitions }]]);
  });

  test('whose retry topics hold records, also behind an open transaction, is refused: its offsets have been lost', async () => {
    const { cluster, commits } = brokers({ committed: [-1], parked: 3 });
    expect(await commitFirstStart(cluster, START)).toMatchObject({
      refusal: expect.stringContaining('pay.retry.5s hold records') as string,
    });
    expect(commits).toEqual([]);
  });
});

describe('a group that another member gives its start', () => {
  test('before anything is looked at is left as it is', async () => {
    const { cluster, commits } = brokers({ committed: [5], parked: 3 });
    expect(await commitFirstStart(cluster, START)).toBeUndefined();
    expect(commits).toEqual([]);
  });

  test('while this one looks is neither refused for what that one has parked, nor set back', async () => {
    for (const parked of [0, 3]) {
      const { cluster, commits } = brokers({ committed: [-1, 5], parked });
      expect(await commitFirstStart(cluster, START)).toBeUndefined();
      expect(commits).toEqual([]);
    }
  });
});
