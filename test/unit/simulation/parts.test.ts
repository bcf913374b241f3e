import { expect, test } from 'vitest';
import { allParts, numbersIn, rangesOf, unknownParts } from '../../simulation/parts.ts';
import { wholeOf } from '../../simulation/whole.ts';

test.each([
  ['none', []],
  ['4', [4]],
  ['1-4,7', [1, 2, 3, 4, 7]],
])('numbers are written as %s', (text, numbers) => {
  expect(rangesOf(numbers)).toBe(text);
  expect(numbersIn(text)).toEqual(numbers);
});

test.each(['', 'all', '4-1', '1,', '-1', '1.5', '99999'])('%j is no list of numbers', (text) => {
  expect(numbersIn(text)).toBeUndefined();
});

test('a world has what its plan says, and nothing that comes later than asked for', () => {
  const whole = wholeOf(4);
  const all = allParts(whole);
  expect(all.members).toHaveLength(whole.plan.members);
  expect(all.events).toHaveLength(whole.plan.events);
  const early = allParts(whole, 20_000);
  expect(early.faults).toEqual(whole.faults.filter(({ atMs }) => atMs <= 20_000).map(({ number }) => number));
  expect(early.events.length).toBeLessThan(all.events.length);
});

test('parts that a world does not have are named', () => {
  const all = { members: [1, 2], events: [1, 2, 3], faults: [] };
  expect(unknownParts({ members: [2], faults: [] }, all)).toEqual([]);
  expect(unknownParts({ members: [3], faults: [1] }, all)).toEqual([
    'there are only these members: 1-2',
    'there are only these faults: none',
  ]);
});
