import { describe, expect, test } from 'vitest';
import type { Cluster } from '../../../../src/kafka/kafkajs/types.ts';
import { ParkedLearning, type Unknown } from '../../../../src/kafka/lanes/parked-learning.ts';
import type { Learnt, ParkedReader } from '../../../../src/kafka/lanes/parked-reader.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { pass, SOURCE, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

const ASSIGNED = new Map([[SOURCE, [0, 1, 2]]]);

/** Learning on, where each try comes to what `answer` says of the partition numbers that are asked about. */
function learningOn(
  unknown: Unknown,
  answer: (numbers: readonly number[]) => Partial<Learnt>,
  learn: () => Promise<Learnt> = () => Promise.reject(new Error('learnt before')),
) {
  const closing = new AbortController();
  const facts: Fact[] = [];
  const asked: (readonly number[])[] = [];
  const seen: Unknown[] = [];
  const reader: Pick<ParkedReader, 'learn' | 'learnMore'> = {
    learn,
    learnMore: async (_cluster, partitions) => {
      const numbers = partitions.get(SOURCE) ?? [];
      asked.push(numbers);
      await Promise.resolve();
      return { records: 0, corrupt: [], full: [], ...answer(numbers) };
    },
  };
  const observe = (fact: Fact) => facts.push(fact);
  const starts = new Map([[`${SOURCE}:1`, 41]]);
  const writing = new Set<number>();
  const learning = new ParkedLearning({
    ...{ reader, source: SOURCE, observe, cluster: {} as Cluster, starts, closing: closing.signal },
    isWriting: (partition) => writing.has(partition),
  });
  const told = { isOver: false };
  learning
    .learnOn(ASSIGNED, unknown, (still) => seen.push(still))
    .then(
      () => (told.isOver = true),
      () => undefined,
    );
  return { closing, facts, asked, seen, learning, told, writing };
}

test('what is corrupt is asked about each second, what there is no room for every ten, and both only until they are known', async () => {
  const unknown: Unknown = new Map([
    [0, 'parked_unread'],
    [1, 'parked_full'],
  ]);
  let isFull = true;
  const { asked, seen, facts, told } = learningOn(unknown, (numbers) => ({
    corrupt:
      numbers.includes(0) && asked.length < 3 ? [{ topic: SOURCE, partition: 0, offset: 3, detail: 'wrong' }] : [],
    full: numbers.includes(1) && isFull ? [1] : [],
  }));
  await pass(9_999);
  expect(asked).toEqual([[0], [0], [0]]);
  expect(seen.at(-1)).toEqual(new Map([[1, 'parked_full']]));
  await pass(1);
  expect(asked.at(-1)).toEqual([1]);
  expect(facts.map(({ kind }) => kind)).toEqual(['corrupt', 'corrupt', 'waiting']);
  expect(facts.at(-1)).toMatchObject({
    for: 'parked',
    record: { topic: SOURCE, partition: 1, offset: 41 },
    error: new Error('more events are parked than there is room to know of'),
  });
  isFull = false;
  await pass(9_999);
  expect(told.isOver).toBe(false);
  await pass(1);
  expect([asked.length, seen.at(-1), told.isOver]).toEqual([5, new Map(), true]);
});

test('an epoch that has closed meanwhile says nothing of the lanes of the next one', async () => {
  const { closing, seen, asked } = learningOn(new Map([[0, 'parked_unread']]), () => {
    closing.abort();
    return {};
  });
  await pass(10_000);
  expect([asked.length, seen]).toEqual([1, []]);
});

test('where the brokers do not answer that is told, and they are asked again', async () => {
  let tries = 0;
  const { facts, seen, told } = learningOn(new Map([[0, 'parked_unread']]), () => {
    tries += 1;
    if (tries < 3) throw new Error('no answer');
    return {};
  });
  await pass(10_000);
  expect(facts).toEqual(Array(2).fill({ kind: 'join_failed', error: new Error('no answer') }));
  expect([seen, told.isOver]).toEqual([[new Map()], true]);
});

describe('at an assignment', () => {
  test('what was read is told, and how long it took', async () => {
    const { learning, facts } = learningOn(
      new Map(),
      () => ({}),
      async () => {
        await pass(250);
        return { records: 5, corrupt: [], full: [] };
      },
    );
    expect(await learning.learn(ASSIGNED)).toEqual(new Map());
    expect(facts).toEqual([{ kind: 'fence_read', records: 5, tookMs: 250 }]);
  });

  test('nothing that was read is nothing to be told; what is not known is', async () => {
    const batch = { topic: SOURCE, partition: 2, offset: 3, detail: 'wrong' };
    const learnt = { records: 0, corrupt: [batch], full: [0] };
    const { learning, facts } = learningOn(
      new Map(),
      () => ({}),
      () => Promise.resolve(learnt),
    );
    expect(await learning.learn(ASSIGNED)).toEqual(
      new Map([
        [0, 'parked_full'],
        [2, 'parked_unread'],
      ]),
    );
    expect(facts).toMatchObject([
      { kind: 'corrupt', ...batch },
      { kind: 'waiting', for: 'parked', record: { topic: SOURCE, partition: 0, offset: 0 } },
    ]);
  });
});

test('a partition for which an earlier epoch still writes is not known before that has come to its end', async () => {
  const { asked, seen, told, writing, learning } = learningOn(
    new Map([[2, 'parked_unread']]),
    () => ({}),
    () => Promise.resolve({ records: 0, corrupt: [], full: [] }),
  );
  writing.add(2);
  expect(await learning.learn(ASSIGNED)).toEqual(new Map([[2, 'parked_unread']]));
  await pass(2_500);
  expect([asked, seen.at(-1), told.isOver]).toEqual([[[], []], new Map([[2, 'parked_unread']]), false]);
  writing.clear();
  await pass(1_000);
  expect([asked.at(-1), seen.at(-1), told.isOver]).toEqual([[2], new Map(), true]);
});
