import { describe, expect, test } from 'vitest';
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
    const value = 'x'.repeat(262_000);
    scripted.lane.take(
      Array.from({ length: 6 }, (_, offset) => keyed('k', offset, value)),
      6,
    );
    expect(scripted.lane.full).toBe(true);
    await settleNext(scripted, 3);
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
    scripted.lane.take(records, 3);
    expect(scripted.lane.full).toBe(true);
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

test('a closing lane keeps what it has and asks for nothing', async () => {
  const scripted = new ScriptedLane();
  scripted.take(...many(600));
  scripted.ownership.close();
  await scripted.settle(0);
  expect([scripted.lane.full, scripted.rooms]).toEqual([true, 0]);
});
