import { describe, expect, test } from 'vitest';
import { WaitingRoom } from '../../../../src/kafka/lanes/waiting-room.ts';
import { useVirtualTime } from '../../../support/fixtures.ts';
import { keyed, ScriptedLane } from '../../../support/scripted-lane.ts';

useVirtualTime();

const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `k${at}`);

async function settleNext(scripted: ScriptedLane, count: number): Promise<void> {
  for (let settled = 0; settled < count; settled += 1) {
    await scripted.settle(...scripted.inFlight.slice(0, 1));
    scripted.commit();
  }
}

describe('a lane asks for no more', () => {
  test('from 500 records on, and again when 100 are left', async () => {
    const scripted = new ScriptedLane();
    scripted.take(...many(499));
    expect(scripted.lane.full).toBe(false);
    scripted.take('one', 'more');
    expect(scripted.lane.full).toBe(true);
    await settleNext(scripted, 399);
    expect([scripted.lane.full, scripted.rooms]).toEqual([true, 0]);
    await settleNext(scripted, 1);
    expect([scripted.lane.full, scripted.rooms]).toEqual([false, 1]);
    await scripted.runDry();
    expect(scripted.rooms).toBe(1);
  });

  test('from 1 MiB on, however few records, and again when 256 KiB are left', async () => {
    const scripted = new ScriptedLane();
    const value = 'x'.repeat(261_000);
    scripted.lane.take(
      Array.from({ length: 6 }, (_, offset) => keyed('k', offset, value)),
      6,
    );
    expect(scripted.lane.full).toBe(true);
    expect(scripted.lane.next, 'the one that goes past it is taken').toBe(5);
    await settleNext(scripted, 2);
    expect([scripted.lane.full, scripted.rooms]).toEqual([true, 0]);
    await settleNext(scripted, 1);
    expect([scripted.lane.full, scripted.rooms]).toEqual([false, 1]);
  });

  test('where headers and keys are what is large, too', () => {
    const scripted = new ScriptedLane();
    const headers = { trace: Buffer.alloc(600_000) };
    const records = [0, 1, 2].map((offset) => ({ ...keyed('k', offset), headers }));
    scripted.lane.take(records, 3);
    expect(scripted.lane.full).toBe(true);
  });

  test('a header with many values is as large as they are', () => {
    const scripted = new ScriptedLane();
    const headers = { trace: [Buffer.alloc(600_000), Buffer.alloc(600_000)] };
    const records = [0, 1, 2].map((offset) => ({ ...keyed('k', offset), headers }));
    expect(scripted.lane.take(records, 3)).toBe(1);
  });
});

test('one record beyond the mark that starts at once leaves room at once', () => {
  const scripted = new ScriptedLane();
  scripted.lane.take([keyed('k', 0, 'x'.repeat(2_000_000))], 1);
  expect(scripted.inFlight).toEqual([0]);
  expect(scripted.lane.full).toBe(false);
});

test('a full lane that passes deleted records still calls for more when it has room: it is never left paused', async () => {
  const scripted = new ScriptedLane();
  scripted.take(...many(501));
  await settleNext(scripted, 50);
  expect(scripted.lane.full).toBe(true);
  scripted.lane.skipTo(9_000);
  await scripted.runDry();
  expect([scripted.lane.full, scripted.rooms]).toEqual([false, 1]);
});

test('of more records than there is room for the rest is read again, from behind those that were taken', async () => {
  const scripted = new ScriptedLane();
  const value = 'x'.repeat(400_000);
  const records = Array.from({ length: 9 }, (_, offset) => keyed('k', offset, value));
  expect(scripted.lane.take(records, 12)).toBe(3);
  expect([scripted.lane.full, scripted.lane.next]).toEqual([true, 3]);
  await settleNext(scripted, 2);
  expect([scripted.lane.full, scripted.rooms]).toEqual([false, 1]);
  expect(scripted.lane.take(records.slice(3, 5), 12)).toBe(2);
  expect(scripted.lane.next).toBe(12);
  await scripted.runDry();
  expect([scripted.started, scripted.commit().offset]).toEqual([[0, 1, 2, 3, 4], 12]);
});

describe('lanes of one process', () => {
  const value = 'x'.repeat(9_700);
  const records = (offset: number) => Array.from({ length: 60 }, (_, at) => keyed('k', offset + at, value));
  /** Each takes as long as it is not full, as fetches would come. */
  const fill = (lanes: readonly ScriptedLane[]): number[] =>
    lanes.map(({ lane }) => {
      const from = lane.next;
      while (!lane.full) lane.take(records(lane.next), lane.next + 60);
      return lane.next - from;
    });

  test('hold no more together than their room has, 16 KiB each and the record that goes past it', () => {
    const room = new WaitingRoom(1_000_000);
    const lanes = Array.from({ length: 200 }, () => new ScriptedLane({ room }));
    const taken = fill(lanes);
    const held = taken.reduce((sum, count) => sum + count, 0) * value.length;
    expect(held).toBeLessThan(1_000_000 + 200 * (16_384 + 2 * 10_000));
    expect(Math.min(...taken), 'none is left without').toBeGreaterThanOrEqual(2);
  });

  test('get room again from those that have drained', async () => {
    const room = new WaitingRoom(1_000_000);
    const [first, second] = [new ScriptedLane({ room }), new ScriptedLane({ room })];
    const [many = 0, few = 0] = fill([first, second]);
    expect([many, few], 'each takes half of what is left').toEqual([50, 25]);
    await settleNext(first, many);
    await settleNext(second, few);
    expect([first.lane.full, second.lane.full]).toEqual([false, false]);
    expect(fill([second, first])).toEqual([many, few]);
  });

  test('a partition whose records cannot be sent leaves room for the others', async () => {
    const room = new WaitingRoom(1_000_000);
    const stuck = Array.from({ length: 20 }, () => new ScriptedLane({ room }));
    const flowing = new ScriptedLane({ room });
    fill(stuck);
    for (let round = 0; round < 20; round += 1) {
      expect(fill([flowing])[0]).toBeGreaterThan(0);
      await settleNext(flowing, 2);
      await settleNext(flowing, flowing.lane.next - flowing.started.length);
    }
    expect(flowing.lane.next).toBeGreaterThanOrEqual(40);
  });
});

test('a closing lane keeps what it has and asks for nothing', async () => {
  const scripted = new ScriptedLane();
  scripted.take(...many(600));
  scripted.ownership.close();
  await scripted.settle(0);
  expect([scripted.lane.full, scripted.rooms]).toEqual([true, 0]);
});
