import { expect, test } from 'vitest';
import { shrunk } from '../../simulation/shrink.ts';
import type { Parts } from '../../simulation/parts.ts';

const numbersTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);
const ALL: Parts = { members: numbersTo(3), events: numbersTo(70), faults: numbersTo(40) };

const hasAll = (wanted: Parts) => (parts: Parts) =>
  Promise.resolve(
    (['members', 'events', 'faults'] as const).every((kind) => wanted[kind].every((one) => parts[kind].includes(one))),
  );

test.each<Parts>([
  { members: [2], events: [7, 33], faults: [5, 39] },
  { members: [1, 2, 3], events: [70], faults: [] },
])('of a world only that is left without which it does not fail: %o', async (wanted) => {
  expect(await shrunk(ALL, hasAll(wanted))).toEqual(wanted);
});

test('one member is left where none is needed: without any, nothing goes on in any world', async () => {
  const { members } = await shrunk(ALL, hasAll({ members: [], events: [], faults: [] }));
  expect(members).toHaveLength(1);
});

test('nothing is left out of a world that does not fail again', async () => {
  expect(await shrunk(ALL, () => Promise.resolve(false))).toEqual(ALL);
});

test('few worlds are played until it is found', async () => {
  let played = 0;
  const fails = hasAll({ members: [2], events: [7, 33], faults: [5, 39] });
  await shrunk(ALL, (parts) => {
    played += 1;
    return fails(parts);
  });
  expect(played).toBeLessThan(200);
});
