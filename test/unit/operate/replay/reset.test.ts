import { describe, expect, test } from 'vitest';
import { assertNobodyIn, consequences, movesFrom, movesTo } from '../../../../src/operate/replay/reset.ts';

const SOURCE = 'payment-final';
const WHOLE = [
  { partition: 0, from: 100, to: 200 },
  { partition: 1, from: 0, to: 50 },
];
const COMMITTED = new Map([[0, { offset: 180 }]]);

test('members in the group are named, and nothing is moved under them', () => {
  expect(() => assertNobodyIn('g', { state: 'Stable', members: ['pod-a', 'pod-b'] })).toThrow(
    /2 members: pod-a, pod-b/,
  );
  expect(() => assertNobodyIn('g', { state: 'PreparingRebalance', members: [] })).toThrow(/it is PreparingRebalance/);
  for (const state of ['Empty', 'Dead']) expect(() => assertNobodyIn('g', { state, members: [] })).not.toThrow();
});

test('a range moves each of its partitions to its beginning', () => {
  expect(movesTo([{ partition: 0, from: 120, to: 200 }], COMMITTED)).toEqual([
    { partition: 0, before: 180, after: 120 },
  ]);
});

describe('a file', () => {
  test('moves the partitions it names, also to the very end', () => {
    const offsets = [
      { topic: SOURCE, partition: 0, offset: 200 },
      { topic: SOURCE, partition: 1, offset: 0 },
    ];
    expect(movesFrom(offsets, SOURCE, WHOLE, COMMITTED)).toEqual([
      { partition: 0, before: 180, after: 200 },
      { partition: 1, before: undefined, after: 0 },
    ]);
  });

  test.each([
    [{ topic: 'other', partition: 0, offset: 150 }, 'other is not payment-final'],
    [{ topic: SOURCE, partition: 7, offset: 1 }, 'no partition 7'],
    [{ topic: SOURCE, partition: 0, offset: 99 }, '100 to 200, not 99'],
    [{ topic: SOURCE, partition: 0, offset: 201 }, '100 to 200, not 201'],
  ])('is refused for %j', (offset, says) => {
    expect(() => movesFrom([offset], SOURCE, WHOLE, COMMITTED)).toThrow(says);
  });
});

test('what is told again, what waits and what nobody would tell is said before anything is done', () => {
  const moves = [
    { partition: 0, before: 180, after: 120 },
    { partition: 1, before: 10, after: 30 },
    { partition: 2, before: undefined, after: 5 },
  ];
  const said = consequences(moves, 4);
  expect(said).toHaveLength(3);
  expect(said[0]).toContain('60 offsets are read again');
  expect(said[1]).toContain('4 of these events wait');
  expect(said[2]).toContain('20 offsets are passed over: their payments are NOT told');
  expect(consequences([{ partition: 0, before: 9, after: 9 }], 0)).toEqual([
    '0 offsets are read again, and their payments told again.',
  ]);
});
