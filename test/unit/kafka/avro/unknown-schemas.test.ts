import { expect, test } from 'vitest';
import { UnknownSchemas } from '../../../../src/kafka/avro/unknown-schemas.ts';

function atTime(): { schemas: UnknownSchemas; pass: (ms: number) => void } {
  const clock = { now: 50_000 };
  return { schemas: new UnknownSchemas(() => clock.now), pass: (ms) => void (clock.now += ms) };
}

/** Asks every 100 ms until the answer is believed. @returns how long that took */
function waitFor(id: number, { schemas, pass }: ReturnType<typeof atTime>): number {
  for (let waited = 0; ; waited += 100) {
    if (schemas.add(id)) return waited;
    pass(100);
  }
}

test('an id is doubted for 3 s, once', () => {
  const world = atTime();
  expect(waitFor(1, world)).toBe(3_000);
  expect(world.schemas.isBelieved(1)).toBe(true);
  world.pass(999);
  expect(world.schemas.isBelieved(1)).toBe(true);
  world.pass(1);
  expect(world.schemas.isBelieved(1)).toBe(false);
  expect(waitFor(1, world)).toBe(0);
  expect(world.schemas.isBelieved(1)).toBe(true);
});

test('nothing is believed of an id that was never asked for, nor of one that is doubted', () => {
  const { schemas } = atTime();
  expect(schemas.isBelieved(1)).toBe(false);
  schemas.add(1);
  expect(schemas.isBelieved(1)).toBe(false);
});

test('several lanes that wait for one id wait together', () => {
  const { schemas, pass } = atTime();
  for (let waited = 0; waited < 3_000; waited += 100) {
    expect([schemas.add(1), schemas.add(1), schemas.add(1)]).toEqual([false, false, false]);
    pass(100);
  }
  expect(schemas.add(1)).toBe(true);
});

test('however many ids nobody registered: 10 s at a stretch, and a tenth of the time beyond', () => {
  const world = atTime();
  world.pass(3_600_000);
  let waited = 0;
  for (let id = 1; id <= 1_000; id += 1) waited += waitFor(id, world);
  expect(waited).toBeGreaterThanOrEqual(10_000);
  expect(waited).toBeLessThan(11_500);
  const began = waited;
  for (let id = 1_001; id <= 2_000; id += 1) {
    world.pass(100);
    waited += waitFor(id, world);
  }
  const passed = 100_000 + waited - began;
  expect(waited - began).toBeLessThanOrEqual(passed * 0.1 + 100);
});

test('schemas that come soon leave patience for the next ones', () => {
  const world = atTime();
  for (let id = 1; id <= 100; id += 1) {
    expect(world.schemas.add(id)).toBe(false);
    world.pass(300);
    world.pass(3_000);
  }
  expect(waitFor(101, world)).toBe(3_000);
});

test('an id that nobody has asked for in a while costs no more than its own patience', () => {
  const world = atTime();
  world.schemas.add(1);
  world.pass(3_600_000);
  expect(waitFor(1, world)).toBe(0);
  expect(waitFor(2, world)).toBe(3_000);
});

test('of ten thousand ids and more the oldest are forgotten, not the bound', () => {
  const world = atTime();
  for (let id = 1; id <= 25_000; id += 1) waitFor(id, world);
  world.pass(999);
  expect(world.schemas.isBelieved(5_000)).toBe(false);
  expect(world.schemas.isBelieved(25_000)).toBe(true);
});

test('each id that is doubted is doubted for itself, whichever others are asked for meanwhile', () => {
  const { schemas, pass } = atTime();
  expect(schemas.add(1)).toBe(false);
  pass(1_000);
  expect(schemas.add(2)).toBe(false);
  pass(2_000);
  expect([schemas.add(1), schemas.add(2)]).toEqual([true, false]);
  pass(1_000);
  expect(schemas.add(2)).toBe(true);
});
