import { expect, test } from 'vitest';
import { HeldBackPartitions } from '../../../../src/kafka/lanes/held-back.ts';

const PATIENCE_MS = 3_000;

function setUp() {
  const held = new HeldBackPartitions(PATIENCE_MS);
  const told = (partition: number, stable: number, high: number, now: number): void =>
    held.told({ topic: 'r', partition, lastStableOffset: `${stable}`, highWatermark: `${high}` }, now);
  const place = (partition: number, offset: number) => ({ topic: 'r', partition, offset });
  return { held, told, place };
}

test('a partition that can be read to its end is held back by nobody', () => {
  const { held, told } = setUp();
  told(0, 9, 9, 100);
  expect([held.dueAt, held.due(1e9)]).toEqual([undefined, []]);
});

test('a transaction is due when it has been seen open for as long as it may be, and no sooner', () => {
  const { held, told, place } = setUp();
  told(0, 5, 9, 100);
  told(0, 5, 20, 2_000);
  expect(held.dueAt).toBe(100 + PATIENCE_MS);
  expect(held.due(99 + PATIENCE_MS)).toEqual([]);
  expect(held.due(100 + PATIENCE_MS)).toEqual([place(0, 5)]);
});

test('one that follows another has its own time, and so has each partition', () => {
  const { held, told, place } = setUp();
  told(0, 5, 9, 100);
  told(1, 5, 9, 150);
  told(0, 7, 9, 200);
  expect(held.dueAt).toBe(150 + PATIENCE_MS);
  expect(held.due(150 + PATIENCE_MS)).toEqual([place(1, 5)]);
  expect(held.due(200 + PATIENCE_MS)).toEqual([place(0, 7), place(1, 5)]);
});

test('one that has ended is due no more', () => {
  const { held, told } = setUp();
  told(0, 5, 9, 100);
  told(0, 10, 10, 200);
  expect([held.dueAt, held.due(1e9)]).toEqual([undefined, []]);
});

test('what was looked at is due again when it was said, or never; the next transaction of its partition is due in its time', () => {
  const { held, told, place } = setUp();
  told(0, 5, 9, 100);
  told(1, 5, 9, 100);
  held.lookAgain([place(0, 5)], Infinity);
  held.lookAgain([place(1, 5)], 8_000);
  told(0, 5, 30, 5_000);
  expect([held.dueAt, held.due(7_999), held.due(8_000)]).toEqual([8_000, [], [place(1, 5)]]);
  told(0, 30, 31, 6_000);
  held.lookAgain([place(0, 5)], Infinity);
  expect(held.due(6_000 + PATIENCE_MS)).toContainEqual(place(0, 30));
});
