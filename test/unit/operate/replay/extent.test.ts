import { expect, test } from 'vitest';
import type { Boundary, Place, Reader } from '../../../../src/kafka/kafkajs/reader.ts';
import { extents, upTo } from '../../../../src/operate/replay/extent.ts';

const TOPIC = 'payment-final';
const NOON = Date.UTC(2026, 10, 28, 12);

/** Two partitions on two brokers: the first one holds 100 to 199, the second one 0 to 9, all of it from before noon. */
function reader(answers: Partial<Reader> = {}): Reader {
  const offsetOf = (partition: number, which: Boundary): number | undefined => {
    if (which === 'earliest') return partition === 0 ? 100 : 0;
    if (typeof which === 'string') return partition === 0 ? 200 : 10;
    return which.time >= NOON ? undefined : partition === 0 ? 150 : 4;
  };
  return {
    layouts: () =>
      Promise.resolve([
        {
          topic: TOPIC,
          partitions: [
            { partition: 1, leader: 8 },
            { partition: 0, leader: 7 },
          ],
        },
      ]),
    offsets: (leader: number, places: readonly Place[], which: Boundary) =>
      Promise.resolve(
        places
          .filter(({ partition }) => partition === leader - 7)
          .map((place) => ({ ...place, offset: offsetOf(place.partition, which) })),
      ),
    ...answers,
  } as Reader;
}

const ALL = { partition: undefined, from: undefined, to: undefined };

test('without bounds all that stands in the topic', async () => {
  expect(await extents(reader(), TOPIC, ALL)).toEqual([
    { partition: 0, from: 100, to: 200 },
    { partition: 1, from: 0, to: 10 },
  ]);
});

test.each([
  ['from a time on', { from: { time: NOON - 1 } }, [150, 200, 4, 10]],
  ['to before a time', { to: { time: NOON - 1 } }, [100, 150, 0, 4]],
  ['from a time later than all records: nothing', { from: { time: NOON } }, [200, 200, 10, 10]],
  ['to before a time later than all records', { to: { time: NOON } }, [100, 200, 0, 10]],
  ['from an offset that is deleted: from the first one there is', { from: { offset: 5 } }, [100, 200, 5, 10]],
  ['to an offset behind the end', { to: { offset: 170 } }, [100, 170, 0, 10]],
  ['before all that is left: nothing', { to: { offset: 50 } }, [100, 100, 0, 10]],
])('%s', async (_, bounds, [from0, to0, from1, to1]) => {
  expect(await extents(reader(), TOPIC, { ...ALL, ...bounds })).toEqual([
    { partition: 0, from: from0, to: to0 },
    { partition: 1, from: from1, to: to1 },
  ]);
});

test('one partition alone, and a partition that does not exist', async () => {
  expect(await extents(reader(), TOPIC, { ...ALL, partition: 1 })).toEqual([{ partition: 1, from: 0, to: 10 }]);
  await expect(extents(reader(), TOPIC, { ...ALL, partition: 2 })).rejects.toThrow('the partitions 0 to 1, not 2');
});

test.each([
  ['UNKNOWN_TOPIC_OR_PARTITION', 'does not exist'],
  ['TOPIC_AUTHORIZATION_FAILED', 'grant it Describe and Read'],
])('a topic that answers %s', async (error, says) => {
  const layouts = () => Promise.resolve([{ topic: TOPIC, partitions: [], error }]);
  await expect(extents(reader({ layouts }), TOPIC, ALL)).rejects.toThrow(says);
});

test('a partition whose leader does not tell is named', async () => {
  const offsets = (_: number, places: readonly Place[]) =>
    Promise.resolve(places.map((place) => ({ ...place, offset: undefined, error: 'NOT_LEADER_FOR_PARTITION' })));
  await expect(extents(reader({ offsets }), TOPIC, ALL)).rejects.toThrow(/payment-final:\d could not be asked/);
});

test('what the group has not come to is cut off', () => {
  const all = [
    { partition: 0, from: 100, to: 200 },
    { partition: 1, from: 0, to: 10 },
    { partition: 2, from: 3, to: 9 },
  ];
  expect(
    upTo(
      all,
      new Map([
        [0, { offset: 120 }],
        [1, { offset: 50 }],
      ]),
    ),
  ).toEqual([
    { partition: 0, from: 100, to: 120 },
    { partition: 1, from: 0, to: 10 },
    { partition: 2, from: 3, to: 3 },
  ]);
});
