import { expect, test } from 'vitest';
import { startCluster } from '../../deploy/local/cluster.ts';
import { scan, type Progress, type Scan } from '../../src/inspect/scan.ts';
import type { Unread } from '../../src/inspect/unread.ts';
import { openReader } from '../../src/kafka/kafkajs/reader.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

/** Keys of all that a scan of these topics visits, and what it says that it has not read. */
async function keysIn(world: World, topics: Scan['topics']): Promise<{ keys: string[]; unread: Unread[] }> {
  const reader = await openReader(world.kafka);
  const keys: string[] = [];
  try {
    const unread = await scan(reader, {
      topics,
      wants: () => true,
      visit: ({ key }) => keys.push(key?.toString() ?? ''),
      signal: AbortSignal.timeout(60_000),
    });
    return { keys, unread };
  } finally {
    await reader.close();
  }
}

async function transaction(world: World, name: string) {
  const transactionalId = `${world.source}-${name}`;
  const producer = world.kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const open = await producer.transaction();
  await open.send({ topic: world.source, messages: [{ key: name, value: name, partition: 0 }] });
  return async (how: 'commit' | 'abort'): Promise<void> => {
    await open[how]();
    await producer.disconnect();
  };
}

/** Brokers answer that a transaction ends before its marker stands in the topic. */
async function allDecided(world: World): Promise<void> {
  const unread = async () => (await keysIn(world, [{ topic: world.source }])).unread;
  await until('the markers to be written', async () => (await unread()).length === 0);
}

test('aborted transactions are passed over, and what an open one holds back is named', async () => {
  const world = await World.create({ partitions: 1 });
  await world.write(0, ['first']);
  await (
    await transaction(world, 'aborted')
  )('abort');
  await (
    await transaction(world, 'committed')
  )('commit');
  await allDecided(world);
  const closed = await keysIn(world, [{ topic: world.source }]);
  expect(closed).toEqual({ keys: ['first', 'committed'], unread: [] });

  const end = await transaction(world, 'open');
  await world.write(0, ['behind']);
  const offset = world.written.at(-1)?.offset ?? -1;
  const { keys, unread } = await keysIn(world, [{ topic: world.source }]);
  expect(keys).toEqual(['first', 'committed']);
  const why = `offsets ${String(offset - 1)} to ${String(offset)} wait for the end of a transaction; ask again in a few seconds`;
  expect(unread).toEqual([{ topic: world.source, partition: 0, why }]);
  await end('abort');
  await allDecided(world);
  expect(await keysIn(world, [{ topic: world.source }])).toEqual({
    keys: ['first', 'committed', 'behind'],
    unread: [],
  });
});

test('a topic that does not exist and a partition that it lacks are named, and all others are read', async () => {
  const world = await World.create({ partitions: 2 });
  await world.write(0, ['here']);
  const missing = `${world.source}.missing`;
  const { keys, unread } = await keysIn(world, [{ topic: missing }, { topic: world.source, partitions: [0, 7] }]);
  expect(keys).toEqual(['here']);
  expect(unread).toEqual([
    { topic: world.source, partition: 7, why: 'the topic has no such partition' },
    { topic: missing, partition: null, why: 'it does not exist' },
  ]);
});

test('bounds by offset and by time are kept', async () => {
  const world = await World.create({ partitions: 1 });
  const record = (key: string, timestamp: number) => ({ key, value: null, timestamp });
  const noon = Date.UTC(2026, 0, 1, 12);
  await world.writeRaw(
    0,
    ['a', 'b', 'c', 'd'].map((key, hour) => record(key, noon + hour * 3_600_000)),
  );
  const read = async (bounds: object) => (await keysIn(world, [{ topic: world.source, ...bounds }])).keys;
  expect(await read({ from: { offset: 1 }, to: { offset: 3 } })).toEqual(['b', 'c']);
  expect(await read({ from: { time: noon + 1 }, to: { time: noon + 3 * 3_600_000 } })).toEqual(['b', 'c']);
  expect(await read({ from: { time: noon + 99 * 3_600_000 } })).toEqual([]);
  expect(await read({ from: { offset: 99 } })).toEqual([]);
});

test('a scan ends within a second of being told to, and reads nothing more', async () => {
  const world = await World.create({ partitions: 3 });
  await world.writeEverywhere(3);
  const reader = await openReader(world.kafka);
  const stop = new AbortController();
  const told = { at: 0, visits: 0, progress: [] as Progress[] };
  const scanned = scan(reader, {
    topics: [{ topic: world.source }, { topic: `${world.source}.missing` }],
    wants: () => true,
    visit: () => (told.visits += 1),
    progress: (progress) => {
      told.progress.push(progress);
      told.at = performance.now();
      stop.abort(new Error('enough'));
    },
    signal: stop.signal,
  });
  await expect(scanned).rejects.toThrow('enough');
  expect(performance.now() - told.at).toBeLessThan(1_000);
  expect(told.progress.at(-1)).toMatchObject({ records: told.visits, of: 9 });
  await reader.close();
});

test('a partition whose leader is gone is named, and those of the brokers that are up are read', async () => {
  const cluster = await startCluster({ brokers: 3, registry: false });
  try {
    const world = await World.create({ partitions: 3, bootstrapServers: cluster.bootstrapServers });
    await world.writeEverywhere(2);
    const { topics } = await world.admin.fetchTopicMetadata({ topics: [world.source] });
    const leaders = new Map(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader]));
    const gone = leaders.get(0);
    await cluster.brokers.find(({ id }) => id === gone)?.kill();
    const { keys, unread } = await until('the brokers that are up to answer', () =>
      keysIn(world, [{ topic: world.source }]).catch(() => undefined),
    );
    const lost = [...leaders].filter(([, leader]) => leader === gone).map(([partition]) => partition);
    expect(unread.map(({ partition }) => partition)).toEqual(lost.sort());
    for (const { why } of unread) expect(why).toMatch(/it has no leader|cannot be reached/);
    expect(keys).toHaveLength(2 * (3 - lost.length));
  } finally {
    await cluster.stop();
  }
});
