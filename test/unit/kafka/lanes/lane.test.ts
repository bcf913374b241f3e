import { describe, expect, test } from 'vitest';
import { Abandoned } from '../../../../src/pipeline/ports.ts';
import { pass, soon, useVirtualTime } from '../../../support/fixtures.ts';
import { keyed, ScriptedLane } from '../../../support/scripted-lane.ts';

useVirtualTime();

const keys = (count: number, name: (at: number) => string = (at) => `k${at}`) =>
  Array.from({ length: count }, (_, at) => name(at));

describe('with ORDERING=partition', () => {
  test('one record is in flight at a time, in offset order, whatever its key', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a', 'b', null, 'a');
    expect(scripted.started).toEqual([0]);
    await scripted.settle(0);
    expect(scripted.started).toEqual([0, 1]);
    scripted.commit();
    await scripted.runDry();
    expect(scripted.started).toEqual([0, 1, 2, 3]);
    expect(scripted.commit()).toEqual({ offset: 4, metadata: '' });
  });

  test('the next request may leave while one commit is on its way, the one after it may not', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a', 'b', 'c', 'd');
    await scripted.settle(0);
    const { acknowledge } = scripted.lane.progress();
    await scripted.settle(1);
    expect(scripted.started).toEqual([0, 1]);
    acknowledge();
    expect(scripted.started).toEqual([0, 1, 2]);
    await scripted.settle(2);
    expect(scripted.started).toEqual([0, 1, 2]);
  });

  test('a crash repeats at most two records at any moment', async () => {
    const scripted = new ScriptedLane();
    scripted.take(...keys(20));
    let committed = 0;
    while (scripted.inFlight.length > 0) {
      await scripted.settle(...scripted.inFlight);
      expect(scripted.started.length - committed).toBeLessThanOrEqual(2);
      if (scripted.inFlight.length === 0) committed = scripted.commit().offset;
    }
    expect(committed).toBe(20);
  });
});

describe('with ORDERING=key', () => {
  test('records of different keys are in flight at once, up to KEY_CONCURRENCY', () => {
    const scripted = new ScriptedLane({ concurrency: 3 });
    scripted.take('a', 'b', 'c', 'd');
    expect(scripted.started).toEqual([0, 1, 2]);
  });

  test('records of one key follow one another, and do not stop those of others', async () => {
    const scripted = new ScriptedLane({ concurrency: 3 });
    scripted.take('a', 'a', 'b', 'a', 'c', 'b');
    expect(scripted.started).toEqual([0, 2, 4]);
    await scripted.settle(2);
    expect(scripted.started).toEqual([0, 2, 4, 5]);
    await scripted.settle(0);
    expect(scripted.started).toEqual([0, 2, 4, 5, 1]);
    await scripted.settle(1);
    scripted.commit();
    expect(scripted.started.at(-1)).toBe(3);
  });

  test('records without a key are one chain', () => {
    const scripted = new ScriptedLane({ concurrency: 3 });
    scripted.take(null, null, 'a');
    expect(scripted.started).toEqual([0, 2]);
  });

  test('keys are bytes: two that are not text are two', () => {
    const scripted = new ScriptedLane({ concurrency: 3 });
    const records = [0xfe, 0xff].map((byte, offset) => ({ ...keyed('', offset), key: Buffer.from([byte]) }));
    scripted.lane.take(records, 2);
    expect(scripted.started).toEqual([0, 1]);
  });

  test('what is settled past the front goes with the commit', async () => {
    const scripted = new ScriptedLane({ concurrency: 4 });
    scripted.take('a', 'b', 'c', 'd');
    await scripted.settle(1, 3);
    expect(scripted.commit()).toEqual({ offset: 0, metadata: '1,3' });
    await scripted.settle(0);
    expect(scripted.commit()).toEqual({ offset: 2, metadata: '1' });
  });

  test('nothing starts while more than KEY_CONCURRENCY records are settled and not committed', async () => {
    const scripted = new ScriptedLane({ concurrency: 4 });
    scripted.take(...keys(40));
    while (scripted.inFlight.length > 0) await scripted.settle(...scripted.inFlight.slice(0, 1));
    expect(scripted.started.length).toBeLessThanOrEqual(8);
    scripted.commit();
    expect(scripted.inFlight).toHaveLength(4);
  });

  test('a slow record stops neither the others nor, in the end, its own key', async () => {
    const scripted = new ScriptedLane({ concurrency: 4 });
    scripted.take('slow', 'slow', ...keys(480));
    for (let round = 0; round < 500 && scripted.inFlight.length > 1; round += 1) {
      await scripted.settle(...scripted.inFlight.filter((offset) => offset !== 0));
      scripted.commit();
    }
    expect(scripted.started.length).toBeGreaterThan(300);
    expect(scripted.commit().metadata.length).toBeLessThan(4_096);
    await scripted.settle(0);
    scripted.commit();
    expect(scripted.inFlight).toContain(1);
    await scripted.runDry();
    expect(scripted.commit()).toEqual({ offset: 482, metadata: '' });
  });

  test('behind a slow record nothing starts that its commit could not name: far apart, fewer', async () => {
    const scripted = new ScriptedLane({ concurrency: 16 });
    scripted.take('slow');
    let committed = scripted.commit();
    for (let round = 0; round < 40; round += 1) {
      const offsets = Array.from({ length: 50 }, (_, at) => (1 + round * 50 + at) * 1_000_000);
      scripted.lane.take(
        offsets.map((offset) => keyed(`k${offset}`, offset)),
        scripted.lane.next,
      );
      while (scripted.inFlight.length > 1) {
        await scripted.settle(...scripted.inFlight.filter((offset) => offset !== 0));
        committed = scripted.commit();
        expect(committed.metadata.length).toBeLessThanOrEqual(4_096);
      }
    }
    const settled = scripted.started.filter((offset) => offset !== 0);
    expect(settled.length).toBeGreaterThan(300);
    const restarted = new ScriptedLane({ concurrency: 16, ...committed });
    restarted.lane.take(
      scripted.started.map((offset) => keyed(`k${offset}`, offset)),
      scripted.lane.next,
    );
    expect(restarted.started, 'a restart knows each of them').toEqual([0]);
  });

  test('a restart that finds as much settled past the front as can be goes on all the same', async () => {
    const scripted = new ScriptedLane({ concurrency: 16, metadata: '1-410' });
    scripted.take(...keys(450));
    expect(scripted.inFlight).toContain(0);
    await scripted.runDry();
    expect(scripted.commit()).toEqual({ offset: 450, metadata: '' });
    expect(scripted.started).toHaveLength(40);
  });

  test('a restart that finds more settled past the front than there is room for starts with the front itself', async () => {
    const scripted = new ScriptedLane({ concurrency: 16, metadata: '1-1999' });
    scripted.take(...keys(2_002));
    expect(scripted.inFlight).toEqual([0]);
    await scripted.settle(0);
    expect(scripted.inFlight).toEqual([2_000, 2_001]);
    await scripted.runDry();
    expect(scripted.commit()).toEqual({ offset: 2_002, metadata: '' });
  });

  test('records the broker deleted, settled or not, take no room', async () => {
    const scripted = new ScriptedLane({ concurrency: 16, metadata: '1-410' });
    scripted.lane.skipTo(1_000);
    scripted.take('a', 'b');
    await scripted.runDry();
    expect(scripted.commit()).toEqual({ offset: 1_002, metadata: '' });
  });
});

describe('records that need no work', () => {
  test('settled past the front before a restart are not processed again', async () => {
    const scripted = new ScriptedLane({ offset: 100, metadata: '1-2,5' });
    scripted.take(...keys(7));
    await scripted.runDry();
    expect(scripted.started).toEqual([100, 103, 104, 106]);
    expect(scripted.commit()).toEqual({ offset: 107, metadata: '' });
  });

  test('where all of a batch was settled before, the lane has moved nevertheless', async () => {
    const scripted = new ScriptedLane({ offset: 100, metadata: '1-2' });
    scripted.take('a');
    await scripted.runDry();
    const { moves } = scripted;
    scripted.take('b', 'c');
    expect(scripted.moves).toBe(moves + 1);
    expect(scripted.commit()).toEqual({ offset: 103, metadata: '' });
  });

  test('transaction markers at the end of a batch are committed past', () => {
    const scripted = new ScriptedLane({ offset: 10 });
    scripted.lane.take([], 12);
    expect([scripted.moves, scripted.lane.next]).toEqual([1, 12]);
    expect(scripted.commit()).toEqual({ offset: 12, metadata: '' });
  });

  test('markers behind a record wait for it', async () => {
    const scripted = new ScriptedLane({ offset: 10 });
    scripted.lane.take([keyed('a', 10)], 12);
    expect([scripted.moves, scripted.commit().offset]).toEqual([0, 10]);
    await scripted.settle(10);
    expect([scripted.moves, scripted.commit().offset]).toEqual([1, 12]);
  });

  test('what the broker has deleted is passed', () => {
    const scripted = new ScriptedLane({ offset: 10 });
    scripted.lane.skipTo(5_000);
    expect(scripted.lane.next).toBe(5_000);
    expect(scripted.commit().offset).toBe(5_000);
  });
});

describe('a lane that closes', () => {
  test('starts nothing more, lets what is in flight come to rest, and is idle then', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a', 'b');
    scripted.ownership.close();
    let idle = false;
    void scripted.lane.idle().then(() => (idle = true));
    await soon();
    expect(idle).toBe(false);
    await scripted.settle(0);
    expect(idle).toBe(true);
    expect(scripted.started).toEqual([0]);
    expect(scripted.commit()).toEqual({ offset: 1, metadata: '' });
    scripted.take('c');
    expect(scripted.started).toEqual([0]);
  });

  test('is idle when all that is in flight has come to rest', async () => {
    const scripted = new ScriptedLane({ concurrency: 2 });
    scripted.take('a', 'b');
    scripted.ownership.close();
    let idle = false;
    void scripted.lane.idle().then(() => (idle = true));
    await scripted.settle(1);
    expect(idle).toBe(false);
    await scripted.settle(0);
    expect(idle).toBe(true);
  });

  test('is idle at once where nothing is in flight', async () => {
    const scripted = new ScriptedLane();
    scripted.ownership.close();
    await expect(scripted.lane.idle()).resolves.toBeUndefined();
  });

  test('has told that it moved before it is idle, so that the last commit is not forgotten', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a');
    scripted.ownership.close();
    const movesWhenIdle = scripted.lane.idle().then(() => scripted.moves);
    await scripted.settle(0);
    expect(await movesWhenIdle).toBe(1);
  });

  test('leaves a record that was abandoned where it is: not settled, not committed', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a', 'b');
    scripted.ownership.close();
    const idle = scripted.lane.idle();
    await scripted.fail(0, new Abandoned());
    await idle;
    expect([scripted.started, scripted.errors]).toEqual([[0], []]);
    expect(scripted.commit()).toEqual({ offset: 0, metadata: '' });
  });
});

describe('a record that does not come to rest', () => {
  test('because the lease has lapsed is tried again, and nothing passes it', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a', 'b');
    await scripted.fail(0, new Abandoned());
    await pass(99);
    expect(scripted.started).toEqual([0]);
    await pass(1);
    expect([scripted.started, scripted.errors]).toEqual([[0, 0], []]);
    expect(scripted.waits.of(scripted.lane)).toBeUndefined();
    await scripted.settle(0);
    expect(scripted.started).toEqual([0, 0, 1]);
  });

  test('because of a bug is told and tried again, and neither lost nor committed', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a', 'b');
    await scripted.fail(0, new TypeError('a bug'));
    expect(scripted.errors).toEqual([new TypeError('a bug')]);
    expect(scripted.commit().offset).toBe(0);
    await pass(999);
    expect(scripted.started).toEqual([0]);
    await pass(1);
    expect(scripted.started).toEqual([0, 0]);
  });

  test('because of a bug is known to wait since the first time, until it comes to rest', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a');
    const since = Date.now();
    for (let tries = 0; tries < 3; tries += 1) {
      await scripted.fail(0, new TypeError('a bug'));
      await pass(1_000);
    }
    expect(scripted.waits.of(scripted.lane)).toEqual({ reason: 'error', since });
    await scripted.settle(0);
    expect(scripted.waits.of(scripted.lane)).toBeUndefined();
  });

  test('because of a bug waits no longer when its lane closes', async () => {
    const scripted = new ScriptedLane();
    scripted.take('a');
    await scripted.fail(0, new TypeError('a bug'));
    scripted.ownership.close();
    await soon();
    expect([scripted.waits.of(scripted.lane), scripted.started]).toEqual([undefined, [0]]);
    await expect(scripted.lane.idle()).resolves.toBeUndefined();
  });
});

test('what the broker has taken last is known, and an older answer that comes late takes nothing back', async () => {
  const scripted = new ScriptedLane({ offset: 10 });
  expect([scripted.lane.committed, scripted.lane.empty]).toEqual([10, true]);
  scripted.take('a');
  expect(scripted.lane.empty).toBe(false);
  scripted.take('b', 'c', 'd');
  await scripted.settle(10);
  const older = scripted.lane.progress();
  await scripted.settle(11);
  expect(scripted.lane.committed).toBe(10);
  scripted.commit();
  await scripted.settle(12);
  older.acknowledge();
  expect([scripted.lane.committed, scripted.started]).toEqual([12, [10, 11, 12, 13]]);
  await scripted.runDry();
  expect([scripted.lane.committed, scripted.lane.empty, scripted.lane.oldest]).toEqual([14, true, undefined]);
});

test('the oldest record that is not settled is in flight or waits', async () => {
  const scripted = new ScriptedLane({ concurrency: 2 });
  expect(scripted.lane.oldest).toBeUndefined();
  scripted.take('a', 'a', 'b', 'c');
  expect(scripted.lane.oldest?.offset).toBe(0);
  await scripted.settle(2);
  expect(scripted.lane.oldest?.offset).toBe(0);
  await scripted.settle(0);
  expect(scripted.lane.oldest?.offset).toBe(1);
});
