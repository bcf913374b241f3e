import { describe, expect, test } from 'vitest';
import { Epoch, instant } from '../../../../src/kafka/group/epoch.ts';
import { GIVEN_UP } from '../../../../src/kafka/kafkajs/errors.ts';
import { LeftUnsettled } from '../../../../src/pipeline/ports.ts';
import { deferred, pass, soon, SOURCE, useVirtualTime } from '../../../support/fixtures.ts';
import { GroupOfLanes, RETRY } from '../../../support/group-of-lanes.ts';

useVirtualTime();

const AT = `${SOURCE}:0`;
const copy = (offset: number) => ({
  key: 'key K',
  origin: offset,
  redrives: 0,
  hops: 1,
  tier: '5s',
  offset,
  notBefore: 0,
});

/** Settles records one by one, each with its commit. */
async function settleSlowly(scripted: GroupOfLanes, count: number): Promise<void> {
  for (let settled = 0; settled < count; settled += 1) {
    await scripted.settle(1);
    await pass(10);
  }
}

describe('at an assignment', () => {
  test('each partition is read from what was committed, and what was settled past it is not worked on again', async () => {
    const committed = { [AT]: { offset: 5, metadata: '1-2' }, [`${RETRY}:0`]: { offset: 3 } };
    const log = { [AT]: { first: 0, end: 9 }, [`${RETRY}:0`]: { first: 0, end: 3 } };
    const scripted = await new GroupOfLanes({ committed, log, concurrency: 16 }).open();
    expect(Object.fromEntries(scripted.positions)).toEqual({ [SOURCE]: 5, [RETRY]: 3 });
    await scripted.fetched(SOURCE, 5, 4);
    expect([...scripted.going.keys()]).toEqual([`${SOURCE}:5`, `${SOURCE}:8`]);
  });

  test('a partition that is new to the group begins at its first record, and that is committed', async () => {
    const log = { [AT]: { first: 7, end: 9 } };
    const scripted = await new GroupOfLanes({ committed: { [`${RETRY}:0`]: { offset: 0 } }, log }).open();
    expect(scripted.committed).toEqual([`${SOURCE}@7 `]);
    expect(scripted.positions.get(SOURCE)).toBe(7);
  });

  test('nothing is taken before it is known what is parked: it could overtake an event of its key', async () => {
    const listed = deferred<undefined>();
    const scripted = new GroupOfLanes();
    scripted.listing = listed.promise;
    const opening = scripted.open();
    await pass(5_000);
    await scripted.fetched(SOURCE, 0, 1);
    expect([scripted.going.size, scripted.positions.size, scripted.facts]).toEqual([0, 0, []]);
    listed.resolve(undefined);
    await opening;
    await scripted.fetched(SOURCE, 0, 1);
    expect([...scripted.going.keys()]).toEqual([`${SOURCE}:0`]);
  });

  test('what was paused before is read again', async () => {
    const scripted = new GroupOfLanes();
    scripted.paused.add(AT);
    await scripted.open();
    expect([...scripted.paused]).toEqual([]);
  });

  test('records that were deleted before they were read are told and passed, and block their keys no longer', async () => {
    const committed = { [AT]: { offset: 5 }, [`${RETRY}:0`]: { offset: 2 } };
    const log = { [AT]: { first: 8, end: 9 }, [`${RETRY}:0`]: { first: 4, end: 4 } };
    const scripted = await new GroupOfLanes({ committed, log }).open();
    for (const offset of [3, 4]) scripted.parkedKeys.of(0).join(copy(offset));
    scripted.facts.length = 0;
    await scripted.open();
    const told = { kind: 'expired', partition: 0 };
    expect(scripted.facts.filter(({ kind }) => kind === 'expired')).toEqual([
      { ...told, topic: SOURCE, committed: 5, earliest: 8 },
      { ...told, topic: RETRY, committed: 2, earliest: 4 },
    ]);
    expect(Object.fromEntries(scripted.positions)).toEqual({ [SOURCE]: 8, [RETRY]: 4 });
    expect(scripted.parkedKeys.of(0).size).toBe(1);
    await pass(10);
    expect(scripted.committed).toContain(`${SOURCE}@8 `);
  });
});

describe('while it is read', () => {
  test('nothing is taken of a topic that may be another one, and its position stays', async () => {
    const scripted = await new GroupOfLanes().open();
    scripted.suspects.add(SOURCE);
    await scripted.fetched(SOURCE, 0, 3);
    expect([scripted.going.size, scripted.positions.get(SOURCE)]).toEqual([0, 0]);
    await scripted.fetched(RETRY, 0, 1);
    expect([...scripted.going.keys()]).toEqual([`${RETRY}:0`]);
  });

  test('a lane that is full is paused, and read on from where it stands once it has room', async () => {
    const scripted = await new GroupOfLanes().open();
    await scripted.fetched(SOURCE, 0, 700);
    expect([[...scripted.paused], scripted.positions.get(SOURCE)]).toEqual([[AT], 500]);
    await settleSlowly(scripted, 398);
    expect([...scripted.paused]).toEqual([AT]);
    await settleSlowly(scripted, 1);
    expect([...scripted.paused]).toEqual([]);
    await scripted.fetched(SOURCE, 500, 3);
    expect(scripted.positions.get(SOURCE)).toBe(503);
  });

  test('a lane that has room while it is held back stays paused', async () => {
    const scripted = await new GroupOfLanes().open();
    await scripted.fetched(SOURCE, 0, 500);
    const batch = { topic: SOURCE, partition: 0, fetchedOffset: '500', highWatermark: '1', lastStableOffset: '1' };
    await settleSlowly(scripted, 399);
    const corrupt = Object.assign([], { corrupt: { offset: 500, detail: 'wrong' } });
    scripted.lanes.take(scripted.group, { ...batch, rawMessages: corrupt, messages: [] });
    await settleSlowly(scripted, 2);
    expect([...scripted.paused]).toEqual([AT]);
    await pass(1_000);
    expect([...scripted.paused]).toEqual([]);
  });

  test('what is parked is worked on one by one, however many keys of the source may be in flight', async () => {
    const scripted = await new GroupOfLanes({ concurrency: 16 }).open();
    await scripted.fetched(RETRY, 0, 3);
    await scripted.fetched(SOURCE, 0, 3);
    expect([...scripted.going.keys()]).toEqual([`${RETRY}:0`, ...[0, 1, 2].map((offset) => `${SOURCE}:${offset}`)]);
  });
});

describe('before a rebalance', () => {
  test('what is in flight is finished and committed, and then nothing is taken any more', async () => {
    const scripted = await new GroupOfLanes().open();
    await scripted.fetched(SOURCE, 0, 3);
    const committing = deferred<undefined>();
    scripted.committing = committing.promise;
    scripted.epoch.close();
    let drained = false;
    const draining = scripted.lanes.drain().then(() => (drained = true));
    await soon();
    expect(drained).toBe(false);
    await scripted.settle(1);
    await pass(100);
    expect([drained, scripted.going.size], 'its commit is on its way').toEqual([false, 0]);
    committing.resolve(undefined);
    await pass(100);
    await draining;
    expect(scripted.committed.at(-1)).toBe(`${SOURCE}@1 `);

    scripted.epoch.end();
    scripted.lanes.closed();
    await scripted.fetched(SOURCE, 1, 3);
    expect([scripted.going.size, await scripted.lanes.states()]).toEqual([0, []]);
  });
});

describe('an offset that the broker does not have', () => {
  test('before its first record is passed', async () => {
    const log = { [AT]: { first: 0, end: 9 } };
    const scripted = await new GroupOfLanes({ committed: { [AT]: { offset: 2 } }, log }).open();
    Object.assign(log, { [AT]: { first: 6, end: 9 } });
    expect(await scripted.lanes.passExpired(scripted.group, SOURCE, 0)).toBeUndefined();
    expect(scripted.positions.get(SOURCE)).toBe(6);
  });

  test('before the first record of a retry topic is passed, and what was parked before it blocks its key no longer', async () => {
    const log = { [`${RETRY}:0`]: { first: 0, end: 9 } };
    const scripted = await new GroupOfLanes({ committed: { [`${RETRY}:0`]: { offset: 9 } }, log }).open();
    for (const offset of [9, 10, 11]) scripted.parkedKeys.of(0).join(copy(offset));
    Object.assign(log, { [`${RETRY}:0`]: { first: 11, end: 12 } });
    expect(await scripted.lanes.passExpired(scripted.group, RETRY, 0)).toBeUndefined();
    expect([scripted.positions.get(RETRY), scripted.parkedKeys.of(0).size]).toEqual([11, 1]);
  });

  test('at its end is where the next record will be', async () => {
    const log = { [AT]: { first: 0, end: 9 } };
    const scripted = await new GroupOfLanes({ committed: { [AT]: { offset: 9 } }, log }).open();
    expect(await scripted.lanes.passExpired(scripted.group, SOURCE, 0)).toBeUndefined();
    expect(scripted.positions.get(SOURCE)).toBe(9);
  });

  test('of a partition that is nobody’s by now concerns nobody', async () => {
    const scripted = await new GroupOfLanes().open();
    expect(await scripted.lanes.passExpired(scripted.group, 'other', 0)).toBeUndefined();
    expect(scripted.positions.has('other')).toBe(false);
  });

  test('behind its end is no reason to go back: somebody has to decide', async () => {
    const log = { [AT]: { first: 0, end: 9 } };
    const scripted = await new GroupOfLanes({ committed: { [AT]: { offset: 9 } }, log }).open();
    Object.assign(log, { [AT]: { first: 0, end: 8 } });
    expect(await scripted.lanes.passExpired(scripted.group, SOURCE, 0)).toContain('ends at offset 8');
    expect(scripted.positions.get(SOURCE)).toBe(9);
  });
});

describe('what is told', () => {
  test('of an assignment: its generation, its partitions, and those that nobody can serve yet', async () => {
    const { facts, lanes } = await new GroupOfLanes().open();
    expect(facts).toEqual([
      { kind: 'joined', generation: 1, partitions: { [SOURCE]: [0], [RETRY]: [0] } },
      { kind: 'unserved', partitions: [] },
    ]);
    expect([lanes.owned, lanes.unserved, lanes.isIncomplete]).toEqual([[0], [], false]);
  });

  test('of what was read: how many records, of the source or of which tier', async () => {
    const scripted = await new GroupOfLanes().open();
    await scripted.fetched(SOURCE, 0, 700);
    await scripted.fetched(RETRY, 0, 3);
    expect(scripted.facts.filter(({ kind }) => kind === 'consumed')).toEqual([
      { kind: 'consumed', tier: 'main', count: 500 },
      { kind: 'consumed', tier: '5s', count: 3 },
    ]);
  });

  test('of each lane, with the ends as they were told last', async () => {
    const log = { [AT]: { first: 0, end: 9 } };
    const scripted = await new GroupOfLanes({ committed: { [AT]: { offset: 2 } }, log }).open();
    await scripted.fetched(SOURCE, 2, 3);
    const own = () => scripted.lanes.statesNow().find(({ topic }) => topic === SOURCE);
    expect(own()).toMatchObject({ partition: 0, position: 5, committed: 2, end: undefined, oldest: { offset: 2 } });
    await scripted.lanes.states();
    Object.assign(log, { [AT]: { first: 0, end: 12 } });
    expect(own()).toMatchObject({ end: 9 });
    expect(scripted.lanes.positions(SOURCE).map(({ next }) => next)).toEqual([5]);
  });

  test('of no lane before there are any, and of none that were given up', async () => {
    const scripted = new GroupOfLanes();
    expect([scripted.lanes.statesNow(), await scripted.lanes.states(), scripted.lanes.owned]).toEqual([[], [], []]);
    expect([scripted.lanes.unserved, scripted.lanes.isIncomplete, scripted.lanes.servedChanged()]).toEqual([
      [],
      false,
      false,
    ]);
    await scripted.open();
    scripted.lanes.closed();
    expect([scripted.lanes.statesNow(), scripted.lanes.positions(SOURCE)]).toEqual([[], []]);
    expect(scripted.lanes.owned, 'but it asks for the same again').toEqual([0]);
  });
});

describe('a batch', () => {
  test('of a partition that is nobody’s is passed over', async () => {
    const scripted = await new GroupOfLanes().open();
    await scripted.fetched('other', 0, 3);
    expect([scripted.going.size, scripted.positions.has('other')]).toEqual([0, false]);
  });

  test('without records leaves reading where it is', async () => {
    const scripted = await new GroupOfLanes().open();
    scripted.positions.clear();
    await scripted.fetched(SOURCE, 0, 0);
    expect([scripted.positions.size, scripted.facts.some(({ kind }) => kind === 'consumed')]).toEqual([0, false]);
  });

  test('that comes while its lane is full is read again from where the lane stands', async () => {
    const scripted = await new GroupOfLanes().open();
    await scripted.fetched(SOURCE, 0, 500);
    await scripted.fetched(SOURCE, 500, 3);
    expect(scripted.positions.get(SOURCE)).toBe(500);
    expect(scripted.lanes.positions(SOURCE)[0]?.next).toBe(500);
  });
});

test('reading goes on behind what a batch ends with and no reader sees', async () => {
  const scripted = await new GroupOfLanes().open();
  await scripted.fetched(SOURCE, 0, 3, 5);
  expect(scripted.positions.get(SOURCE)).toBe(6);
});

test('a lane that has read again what was corrupt waits no longer', async () => {
  const scripted = await new GroupOfLanes().open();
  const batch = { topic: SOURCE, partition: 0, fetchedOffset: '0', highWatermark: '1', lastStableOffset: '1' };
  const corrupt = Object.assign([], { corrupt: { offset: 0, detail: 'wrong' } });
  scripted.lanes.take(scripted.group, { ...batch, rawMessages: corrupt, messages: [] });
  await pass(1_000);
  expect(scripted.waits.of({ topic: SOURCE, partition: 0 })?.reason).toBe('corrupt');
  await scripted.fetched(SOURCE, 0, 1);
  expect(scripted.waits.of({ topic: SOURCE, partition: 0 })).toBeUndefined();
});

test('what was settled and is not committed in time is no clean end', async () => {
  const scripted = await new GroupOfLanes().open();
  await scripted.fetched(SOURCE, 0, 1);
  scripted.committing = Promise.reject(Object.assign(new Error('over'), { type: 'ILLEGAL_GENERATION' }));
  scripted.committing.catch(() => undefined);
  scripted.epoch.close();
  await scripted.settle(1);
  expect(await scripted.lanes.drain()).toBe(false);
});

test('what was settled behind a commit that was given up is where the same member goes on after the next join', async () => {
  const scripted = await new GroupOfLanes({ committed: { [AT]: { offset: 0 }, [`${RETRY}:0`]: { offset: 0 } } }).open();
  await scripted.fetched(SOURCE, 0, 3);
  scripted.committing = Promise.reject(Object.assign(new Error('no answer'), { code: GIVEN_UP }));
  scripted.committing.catch(() => undefined);
  await scripted.settle(2);
  await pass(500);
  scripted.epoch.renew(instant());
  await pass(500);
  expect([scripted.isToJoin, scripted.lanes.isInDoubt, scripted.committed]).toEqual([true, true, []]);
  scripted.epoch.close();
  const drained = scripted.lanes.drain();
  await pass(500);
  expect(await drained, 'it is not known to be committed').toBe(false);
  scripted.lanes.closed();

  scripted.committing = Promise.resolve();
  await scripted.open(new Epoch(2, 30_000, instant()));
  expect([scripted.lanes.isInDoubt, scripted.committed]).toEqual([false, [`${SOURCE}@2 `]]);
  expect(scripted.positions.get(SOURCE)).toBe(2);
});

test('nothing is read of a partition for which this process still writes what it has given up waiting for', async () => {
  const scripted = new GroupOfLanes();
  scripted.writing.add(0);
  await scripted.open();
  await scripted.fetched(SOURCE, 0, 1);
  expect([scripted.going.size, scripted.paused.size]).toEqual([0, 2]);
  scripted.writing.clear();
  await pass(1_000);
  await scripted.fetched(SOURCE, 0, 1);
  expect([scripted.going.size, scripted.paused.size]).toEqual([1, 0]);
});

test('each epoch counts for itself what it leaves behind', async () => {
  const scripted = await new GroupOfLanes().open();
  await scripted.fetched(SOURCE, 0, 1);
  scripted.epoch.close();
  scripted.going.get(`${SOURCE}:0`)?.reject(new LeftUnsettled());
  expect(await scripted.lanes.drain()).toBe(false);
  scripted.lanes.closed();
  await scripted.open();
  expect(await scripted.lanes.drain()).toBe(true);
});

test('a lane that waits for what cannot be read waits no longer when it is given up', async () => {
  const scripted = await new GroupOfLanes().open();
  const batch = { topic: SOURCE, partition: 0, fetchedOffset: '0', highWatermark: '1', lastStableOffset: '1' };
  const corrupt = Object.assign([], { corrupt: { offset: 0, detail: 'wrong' } });
  scripted.lanes.take(scripted.group, { ...batch, rawMessages: corrupt, messages: [] });
  expect(scripted.waits.of({ topic: SOURCE, partition: 0 })?.reason).toBe('corrupt');
  scripted.lanes.closed();
  expect(scripted.waits.of({ topic: SOURCE, partition: 0 })).toBeUndefined();
});

test('other partitions can be served when a topic has grown', async () => {
  const scripted = await new GroupOfLanes().open();
  expect(scripted.lanes.servedChanged()).toBe(false);
  scripted.partitions = 2;
  expect(scripted.lanes.servedChanged()).toBe(true);
  scripted.lanes.closed();
  expect(scripted.lanes.servedChanged()).toBe(false);
});
