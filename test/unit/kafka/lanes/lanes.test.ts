import { describe, expect, test } from 'vitest';
import { Epoch, instant } from '../../../../src/kafka/group/epoch.ts';
import { ParkedKeys } from '../../../../src/core/parked-keys.ts';
import { writeHeaders } from '../../../../src/core/provenance.ts';
import { partitionKey } from '../../../../src/kafka/kafkajs/offsets.ts';
import type { Broker, ConsumerGroup, FetchedBatch } from '../../../../src/kafka/kafkajs/types.ts';
import type { LaneState } from '../../../../src/kafka/lanes/lane-watch.ts';
import { Lanes } from '../../../../src/kafka/lanes/lanes.ts';
import type { CorruptBatch, FetchedMessages } from '../../../../src/kafka/wire/record-batches.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { AllParkedKeys } from '../../../../src/pipeline/all-parked-keys.ts';
import { Abandoned, LeftUnsettled } from '../../../../src/pipeline/ports.ts';
import { Waits } from '../../../../src/pipeline/waits.ts';
import { deferred, pass, soon, SOURCE, TOPOLOGY, useVirtualTime } from '../../../support/fixtures.ts';

const RETRY = `${SOURCE}.retry.5s`;
const CORRUPT = { offset: 0, detail: 'its checksum is wrong' };

useVirtualTime();

/** Lanes of two partitions with one retry topic each, whose brokers answer as the test says. */
async function setUp(
  retry: Retry = {},
  parkedKeys = new AllParkedKeys(),
  {
    processing = (): Promise<void> => Promise.resolve(),
    given = [0, 1],
    suspects = new Set<string>(),
    /** What is known when these lanes begin, in an epoch that follows another one directly. */
    known = undefined as (() => void) | undefined,
  } = {},
) {
  const [facts, processed, paused]: [Fact[], string[], Set<string>] = [[], [], new Set()];
  const pointed: number[] = [];
  const ends = { high: 0, stable: 0 };
  const lanes = new Lanes(
    { topics: { topology: TOPOLOGY, read: [SOURCE, RETRY] }, concurrency: 1 },
    {
      observe: (fact) => facts.push(fact),
      parkedKeys,
      waits: new Waits(),
      process: ({ topic, partition, offset }) => {
        processed.push(`${topic}:${partition}:${offset}`);
        return processing();
      },
      onError: () => undefined,
      isSuspect: (topic) => suspects.has(topic),
      joinAgain: () => undefined,
      unknownTopic: () => Promise.resolve(),
      isWriting: () => false,
    },
  );
  const offsets = (end: number) =>
    [SOURCE, RETRY].map((topic) => ({
      topic,
      partitions: [0, 1].map((partition) => {
        const own = topic === RETRY ? end : Math.min(end, 1) * ends.stable;
        return { partition, offset: partition === 0 ? `${own}` : '0' };
      }),
    }));
  const coordinator = { offsetCommit: () => Promise.resolve() };
  const fetch = ({ topics }: Parameters<Broker['fetch']>[0]) => {
    const messages: FetchedMessages = [];
    const from = Number(topics[0]?.partitions[0]?.fetchOffset);
    const length = Math.min(1_000, (retry.parked ?? 0) - from);
    if (retry.corrupt !== undefined) messages.corrupt = retry.corrupt;
    else if (retry.parked === undefined) messages.push(message(0));
    else messages.push(...Array.from({ length }, (_, at) => parked(from + at)));
    const end = String(retry.parked ?? 1);
    const part = { partition: 0, lastStableOffset: end, highWatermark: end, abortedTransactions: [], messages };
    return Promise.resolve({ responses: [{ topicName: RETRY, partitions: [part] }] });
  };
  const listOffsets = ({ topics, isolationLevel }: Listed) => {
    expect(isolationLevel).toBe(0);
    const responses = topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => {
        const end = topic === SOURCE ? ends.high : (retry.parked ?? 1);
        return { partition, offset: partition === 0 ? String(end) : '0' };
      }),
    }));
    return Promise.resolve({ responses });
  };
  const cluster = {
    findGroupCoordinator: () => Promise.resolve(coordinator),
    findTopicPartitionMetadata: () => [0, 1].map((partitionId) => ({ partitionId, leader: 1 })),
    fetchTopicsOffset: ([first]: { fromBeginning: boolean }[]) =>
      Promise.resolve(offsets(first?.fromBeginning ? 0 : (retry.parked ?? 1))),
    findBroker: () => Promise.resolve({ fetch, listOffsets }),
  };
  type Places = readonly { topic: string; partitions: readonly number[] }[];
  const named = (places: Places): string[] =>
    places.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}:${partition}`));
  const group = {
    ...{ cluster, coordinator, groupId: 'g', generationId: 1, memberId: 'm' },
    assigned: () => [
      { topic: SOURCE, partitions: [0, 1] },
      { topic: RETRY, partitions: given },
    ],
    resolveOffset: ({ offset }: { offset: string }) => void pointed.push(Number(offset) + 1),
    pause: (places: Places) => named(places).forEach((name) => paused.add(name)),
    resume: (places: Places) => named(places).forEach((name) => paused.delete(name)),
  } as unknown as ConsumerGroup;
  const epoch = new Epoch(1, 30_000, instant());
  const places = group.assigned().flatMap(({ topic, partitions }) => partitions.map((one) => partitionKey(topic, one)));
  const committed = new Map(places.map((at) => [at, { offset: 0, metadata: '' }]));
  await lanes.open(group, epoch, committed);
  if (known !== undefined) {
    known();
    await lanes.open(group, epoch, committed);
  }
  const take = async (topic: string, partition: number, corrupt?: CorruptBatch, at?: Fetched): Promise<void> => {
    await hand(batch(topic, partition, corrupt, at));
  };
  const hand = async (fetched: FetchedBatch): Promise<void> => {
    lanes.take(group, fetched);
    await soon();
  };
  const state = async (): Promise<LaneState | undefined> => {
    return (await lanes.states()).find(({ topic, partition }) => topic === SOURCE && partition === 0);
  };
  const front = async (): Promise<number | undefined> => (await state())?.committed;
  return {
    facts,
    processed,
    paused,
    pointed,
    epoch,
    take,
    hand,
    lanes,
    ends,
    state,
    front,
    told: () => facts.filter(({ kind }) => kind === 'corrupt'),
  };
}

/** What stands in the retry topic of partition 0. */
interface Retry {
  corrupt?: CorruptBatch;
  /** How many events; where absent, one record that is none. */
  parked?: number;
}

type Listed = Parameters<Broker['listOffsets']>[0];

function message(offset: number, headers: FetchedMessages[number]['headers'] = {}): FetchedMessages[number] {
  return { offset: `${offset}`, timestamp: '1', key: Buffer.from('K'), value: null, headers, isControlRecord: false };
}

/** A record of the retry topic, of an event of its own of this partition of the source. */
function parked(offset: number, partition = 0): FetchedMessages[number] {
  const origin = { topic: SOURCE, partition, offset: 100 + offset, timestamp: 1 };
  const headers = writeHeaders({}, { origin, attempts: 1, hops: 1 });
  return message(
    offset,
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(String(value))])),
  );
}

/** Memory that so many of them take. */
function bytesOf(count: number): number {
  const keys = new ParkedKeys();
  const key = 'key K';
  keys.join({ key, origin: 1, redrives: 0, hops: 1, tier: '5s', offset: 1, notBefore: 0 });
  return count * keys.bytes;
}

/** What a broker was asked for, and the one record that it answered with. */
interface Fetched {
  readonly asked: number;
  readonly record: number;
}

function batch(
  topic: string,
  partition: number,
  corrupt?: CorruptBatch,
  { asked, record }: Fetched = { asked: 0, record: 0 },
): FetchedBatch {
  const messages: FetchedMessages = corrupt === undefined ? [message(record)] : [];
  if (corrupt !== undefined) messages.corrupt = corrupt;
  return {
    topic,
    partition,
    fetchedOffset: `${asked}`,
    highWatermark: '1',
    lastStableOffset: '1',
    rawMessages: messages,
    messages,
  };
}

test('a batch that was fetched for another offset than its lane waits for is neither taken nor committed past', async () => {
  const { take, told, processed, pointed, front } = await setUp();
  await take(SOURCE, 0, undefined, { asked: 77, record: 77 });
  await take(SOURCE, 0, { ...CORRUPT, offset: 77 }, { asked: 77, record: 77 });
  expect([processed, told(), await front()]).toEqual([[], [], 0]);
  expect(pointed.at(-1), 'it is read again from where the lane stands').toBe(0);

  await take(SOURCE, 0);
  expect([processed, await front()]).toEqual([[`${SOURCE}:0:0`], 1]);
});

test('a lane that is handed a corrupt batch waits for a second, tells it, and takes it when it is well', async () => {
  const { take, told, paused, processed } = await setUp();
  await take(SOURCE, 0, CORRUPT);
  expect(told()).toEqual([{ kind: 'corrupt', topic: SOURCE, partition: 0, ...CORRUPT }]);
  expect([...paused]).toEqual([`${SOURCE}:0`]);
  await take(SOURCE, 1);
  expect(processed, 'the others go on').toEqual([`${SOURCE}:1:0`]);

  await pass(999);
  expect([...paused]).toEqual([`${SOURCE}:0`]);
  await pass(1);
  expect([...paused]).toEqual([]);
  await take(SOURCE, 0, CORRUPT);
  expect(told()).toHaveLength(2);
  await pass(1_000);
  await take(SOURCE, 0);
  expect(processed).toEqual([`${SOURCE}:1:0`, `${SOURCE}:0:0`]);
});

test('where something parked cannot be read, nothing of its partition number is taken before it can', async () => {
  const retry: { corrupt?: CorruptBatch } = { corrupt: CORRUPT };
  const { take, told, paused, processed } = await setUp(retry);
  expect(told()).toEqual([{ kind: 'corrupt', topic: RETRY, partition: 0, ...CORRUPT }]);
  expect([...paused].sort()).toEqual([`${RETRY}:0`, `${SOURCE}:0`].sort());
  await take(SOURCE, 0);
  await take(RETRY, 0);
  await take(SOURCE, 1);
  expect(processed).toEqual([`${SOURCE}:1:0`]);

  await pass(1_000);
  expect([told().length, paused.size]).toEqual([2, 2]);
  delete retry.corrupt;
  await pass(1_000);
  expect([told().length, paused.size]).toEqual([2, 0]);
  await take(SOURCE, 0);
  expect(processed).toEqual([`${SOURCE}:1:0`, `${SOURCE}:0:0`]);
});

test('a member that gives its partitions back waits for nothing more', async () => {
  const { paused, epoch, told } = await setUp({ corrupt: CORRUPT });
  epoch.end();
  await pass(5_000);
  expect([told().length, paused.size]).toEqual([1, 2]);
});

test('a record that is given up with its request sent is left behind, and that is told when all is drained', async () => {
  const given = deferred<undefined>();
  const { take, epoch, lanes } = await setUp({}, undefined, { processing: () => given.promise });
  await take(SOURCE, 0);
  epoch.close();
  given.reject(new LeftUnsettled());
  expect(await lanes.drain()).toBe(false);
});

test('a record that is given up before its request is read again by whoever is next: all that had begun is settled', async () => {
  const given = deferred<undefined>();
  const { take, epoch, lanes } = await setUp({}, undefined, { processing: () => given.promise });
  await take(SOURCE, 0);
  epoch.close();
  given.reject(new Abandoned());
  expect(await lanes.drain()).toBe(true);
});

test('a partition that was given without its retry topic stands, visibly, and the others go on', async () => {
  const { lanes, take, paused, processed, facts } = await setUp({}, undefined, { given: [1] });
  await take(SOURCE, 0);
  await take(SOURCE, 1);
  expect([processed, [...paused]]).toEqual([[`${SOURCE}:1:0`], [`${SOURCE}:0`]]);
  expect([lanes.isIncomplete, lanes.unserved, facts.at(-3)]).toMatchObject([
    true,
    [0],
    { kind: 'unserved', partitions: [0] },
  ]);
});

describe('behind a transaction that stays open', () => {
  const place = { topic: SOURCE, partition: 0, offset: 1 };

  test('a lane has what its brokers have, not only what may be read, and stands since it found nothing more', async () => {
    const { take, ends, state } = await setUp();
    Object.assign(ends, { high: 1, stable: 1 });
    await take(SOURCE, 0);
    expect(await state()).toMatchObject({ position: 1, committed: 1, end: 1, standsSince: undefined });
    ends.high = 7;
    const since = Date.now();
    const standing = { position: 1, committed: 1, end: 7, standsSince: since, wait: { reason: 'open_transaction' } };
    expect(await state()).toMatchObject(standing);
    await pass(5_000);
    expect(await state()).toMatchObject(standing);

    ends.stable = 7;
    expect(await state(), 'now it may be read').toMatchObject({ standsSince: since, wait: undefined });
    await take(SOURCE, 0, undefined, { asked: 1, record: 6 });
    expect(await state()).toMatchObject({ position: 7, standsSince: undefined, wait: undefined });
  });

  test('it is told after 30 s, with its place', async () => {
    const { take, ends, state, facts } = await setUp();
    Object.assign(ends, { high: 7, stable: 1 });
    await take(SOURCE, 0);
    await state();
    const waiting = () => facts.filter(({ kind }) => kind === 'waiting');
    await pass(29_999);
    await state();
    expect(waiting()).toEqual([]);
    await pass(1);
    await state();
    expect(waiting()).toMatchObject([{ for: 'open_transaction', record: place }]);
  });

  test('another transaction than before is waited for anew', async () => {
    const { take, ends, state } = await setUp();
    Object.assign(ends, { high: 9, stable: 1 });
    await take(SOURCE, 0);
    await state();
    await pass(20_000);
    ends.stable = 7;
    await take(SOURCE, 0, undefined, { asked: 1, record: 6 });
    expect(await state()).toMatchObject({ standsSince: Date.now(), wait: { reason: 'open_transaction' } });
  });
});

test('a lane that is held back for a corrupt batch says so, and since when', async () => {
  const { take, ends, state } = await setUp();
  ends.high = 3;
  ends.stable = 3;
  await take(SOURCE, 0, CORRUPT);
  expect(await state()).toMatchObject({ wait: { reason: 'corrupt' }, standsSince: Date.now(), end: 3 });
});

describe('more that is parked than there is room for', () => {
  test('at an assignment holds its partition number and no other, visibly, until others have left room', async () => {
    const parkedKeys = new AllParkedKeys(bytesOf(2));
    const known = (): void => {
      const copy = { key: 'key L', redrives: 0, hops: 1, tier: '5s', notBefore: 0 };
      for (const offset of [1, 2]) parkedKeys.of(1).join({ ...copy, origin: offset, offset });
      parkedKeys.readAgain('5s');
    };
    const { take, paused, processed, facts, state } = await setUp({}, parkedKeys, { known });
    expect([...paused].sort()).toEqual([`${RETRY}:0`, `${SOURCE}:0`].sort());
    expect(facts.filter(({ kind }) => kind === 'waiting')).toMatchObject([
      { for: 'parked', record: { topic: SOURCE, partition: 0, offset: 0 } },
    ]);
    expect(await state()).toMatchObject({ wait: { reason: 'parked_full' } });
    await take(SOURCE, 0);
    await take(SOURCE, 1);
    expect(processed, 'and the others go on').toEqual([`${SOURCE}:1:0`]);

    parkedKeys.forget(1);
    await pass(10_000);
    expect(paused.size).toBe(0);
    await take(SOURCE, 0);
    expect(processed).toEqual([`${SOURCE}:1:0`, `${SOURCE}:0:0`]);
  });

  test('300,000 copies of one partition do not end the process: of what is too much nothing is kept', async () => {
    const parkedKeys = new AllParkedKeys(bytesOf(1_000));
    const { paused, facts } = await setUp({ parked: 300_000 }, parkedKeys);
    expect([...paused].sort()).toEqual([`${RETRY}:0`, `${SOURCE}:0`].sort());
    expect(parkedKeys.of(0).size).toBe(0);
    expect(facts.filter(({ kind }) => kind === 'waiting')).toHaveLength(1);
  });

  test('is read of a retry topic one at a time, and not at all at twice as much', async () => {
    const parkedKeys = new AllParkedKeys(bytesOf(3));
    const { hand, processed, facts, paused, lanes } = await setUp({ parked: 1 }, parkedKeys);
    const fetched = (from: number, messages: FetchedMessages) => ({
      ...batch(RETRY, 0, undefined, { asked: from, record: from + messages.length - 1 }),
      rawMessages: messages,
      messages,
    });
    const records = Array.from({ length: 10 }, (_, at) => parked(at));
    await hand(fetched(0, records));
    expect(processed).toEqual([0, 1, 2].map((offset) => `${RETRY}:0:${offset}`));
    expect(facts.filter(({ kind }) => kind === 'waiting')).toMatchObject([
      {
        for: 'parked',
        record: { topic: RETRY, partition: 0, offset: 3 },
        error: new Error('so many events are parked that no more are read'),
      },
    ]);
    expect([...paused]).toEqual([`${RETRY}:0`]);
    const held = () => lanes.statesNow().find(({ topic, partition }) => topic === RETRY && partition === 0)?.wait;
    expect(held()?.reason).toBe('parked_full');
    for (let offset = 3; offset < 10; offset += 1) {
      await pass(1_000);
      await hand(fetched(offset, records.slice(offset)));
    }
    expect(processed.at(-1)).toBe(`${RETRY}:0:5`);
    expect(parkedKeys.of(0).size).toBe(6);

    for (const at of [0, 1, 2, 3, 4, 5]) parkedKeys.of(0).forget('5s', at);
    await pass(1_000);
    await hand(fetched(6, records.slice(6)));
    expect(processed.at(-1)).toBe(`${RETRY}:0:8`);
    expect(held()?.reason, 'the last one finds no room again').toBe('parked_full');
    parkedKeys.forget(0);
    await pass(1_000);
    await hand(fetched(9, records.slice(9)));
    expect([processed.at(-1), held()]).toEqual([`${RETRY}:0:9`, undefined]);
  });
});

describe('a topic that only seemed to be gone', () => {
  test('keeps its lanes standing: they take nothing, count nothing as committed, and go on unchanged', async () => {
    const suspects = new Set<string>();
    const { lanes, take, paused, processed, front } = await setUp({}, undefined, { suspects });
    suspects.add(SOURCE);
    await take(SOURCE, 0);
    expect(processed).toEqual([]);
    suspects.clear();
    await take(SOURCE, 0);
    suspects.add(SOURCE);
    lanes.standStill(SOURCE);
    await take(SOURCE, 0, undefined, { asked: 1, record: 1 });
    expect([processed, [...paused].sort()]).toEqual([[`${SOURCE}:0:0`], [`${SOURCE}:0`, `${SOURCE}:1`]]);

    suspects.clear();
    lanes.goOn(SOURCE);
    expect(paused.size).toBe(0);
    await take(SOURCE, 0, undefined, { asked: 1, record: 1 });
    await pass(10);
    expect([processed, await front()]).toEqual([[`${SOURCE}:0:0`, `${SOURCE}:0:1`], 2]);
  });

  test('has what it settled meanwhile committed when it is back, and not before; a drain meanwhile is not clean', async () => {
    const suspects = new Set<string>();
    const settled = deferred<undefined>();
    const { lanes, take, front } = await setUp({}, undefined, { suspects, processing: () => settled.promise });
    await take(SOURCE, 0);
    suspects.add(SOURCE);
    lanes.standStill(SOURCE);
    settled.resolve(undefined);
    expect([await lanes.drain(), await front()]).toEqual([false, 0]);
    suspects.clear();
    lanes.goOn(SOURCE);
    await pass(10);
    expect([await lanes.drain(), await front()]).toEqual([true, 1]);
  });
});

test('a copy of a transaction that was aborted keeps its key waiting until its lane has passed over it, and no longer', async () => {
  const parkedKeys = new AllParkedKeys();
  const { hand } = await setUp({}, parkedKeys);
  parkedKeys
    .of(0)
    .joinUndecided({ key: 'key K', origin: 1, redrives: 0, hops: 1, tier: '5s', offset: 0, notBefore: 0 });
  const hidden = { ...message(0), isControlRecord: true };
  await hand({ ...batch(RETRY, 0), rawMessages: [hidden], messages: [] });
  expect(parkedKeys.of(0).turnOfSource('key K', 2)).toEqual({ kind: 'send' });
});
