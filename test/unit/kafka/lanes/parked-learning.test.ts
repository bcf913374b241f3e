import { expect, test } from 'vitest';
import type { Cluster } from '../../../../src/kafka/kafkajs/types.ts';
import { ParkedLearning, type Unknown } from '../../../../src/kafka/lanes/parked-learning.ts';
import type { Learnt, ParkedReader } from '../../../../src/kafka/lanes/parked-reader.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { pass, SOURCE, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

const ASSIGNED = new Map([[SOURCE, [0, 1, 2]]]);

/** Learning on, where each try comes to what `answer` says of the partition numbers that are asked about. */
function learningOn(unknown: Unknown, answer: (numbers: readonly number[]) => Partial<Learnt>) {
  const closing = new AbortController();
  const facts: Fact[] = [];
  const asked: (readonly number[])[] = [];
  const seen: Unknown[] = [];
  const reader: Pick<ParkedReader, 'learn' | 'learnMore'> = {
    learn: () => Promise.reject(new Error('learnt before')),
    learnMore: (_cluster, partitions) => {
      const numbers = partitions.get(SOURCE) ?? [];
      asked.push(numbers);
      return Promise.resolve({ records: 0, corrupt: [], full: [], ...answer(numbers) });
    },
  };
  const observe = (fact: Fact) => facts.push(fact);
  const starts = new Map([[`${SOURCE}:1`, 41]]);
  const learning = new ParkedLearning(reader as ParkedReader, SOURCE, observe, {} as Cluster, starts, closing.signal);
  learning.learnOn(ASSIGNED, unknown, (still) => seen.push(still)).catch(() => undefined);
  return { closing, facts, asked, seen };
}

test('what is corrupt is asked about each second, what there is no room for every ten, and both only until they are known', async () => {
  const unknown: Unknown = new Map([
    [0, 'parked_unread'],
    [1, 'parked_full'],
  ]);
  let isFull = true;
  const { asked, seen, facts } = learningOn(unknown, (numbers) => ({
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
  expect(facts.at(-1)).toMatchObject({ for: 'parked', record: { topic: SOURCE, partition: 1, offset: 41 } });
  isFull = false;
  await pass(60_000);
  expect([asked.length, seen.at(-1)]).toEqual([5, new Map()]);
});

test('an epoch that has closed meanwhile says nothing of the lanes of the next one', async () => {
  const { closing, seen, asked } = learningOn(new Map([[0, 'parked_unread']]), () => {
    closing.abort();
    return {};
  });
  await pass(10_000);
  expect([asked.length, seen]).toEqual([1, []]);
});
