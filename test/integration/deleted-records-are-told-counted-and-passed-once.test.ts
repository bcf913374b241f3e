import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { makeTopics } from '../support/make-topics.ts';
import { keepLedger } from '../support/ledger.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const EXPIRED = 'notifier_expired_records_total{tier="main"}';

test('records deleted while the service is down: exactly those are told and counted, nothing else is passed', async () => {
  const world = await World.create({ partitions: 2 });
  await world.writeEverywhere(5);
  const first = await world.start();
  await world.settled();
  expect(await first.metric(EXPIRED)).toBe(0);
  await first.end();
  await world.writeEverywhere(10, 'LATER');
  await deleteBefore(world, 1, 9);

  const service = await world.start();
  await world.settled();
  expect(service.log.filter(({ event }) => event === 'expired')).toMatchObject([
    { level: 'error', topic: world.source, partition: 1, committed: 5, earliest: 9, lost: 4 },
  ]);
  expect(await service.metric(EXPIRED)).toBe(4);
  await service.end();
  const again = await world.start();
  expect(await again.metric(EXPIRED)).toBe(0);

  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({
    doubled: [],
    parked: [],
    uncommitted: [],
    disorder: [],
    deadLettered: [],
    repeats: 0,
  });
  expect(ledger.lost).toEqual([0, 1, 2, 3].map((number) => `LATER-1-${String(number)}`));
  expect(ledger.delivered).toHaveLength(world.written.length - 4);
});

test('records deleted while it runs: what it has read is sent, exactly the rest is told and counted', async () => {
  const world = await World.create({ partitions: 1, profile: { delayMs: 500 } });
  for (let batch = 0; batch < 6; batch += 1) {
    const ids = Array.from({ length: 500 }, (_, at) => `P-${String(batch)}-${String(at)}`);
    await world.write(0, ids);
  }
  const service = await world.start();
  await until('a queue that is full', () => world.simulator.requests().length >= 2);
  const taken = (await service.metric('notifier_records_consumed_total{tier="main"}')) ?? 0;
  expect(taken).toBeLessThan(2_000);
  await deleteBefore(world, 0, 2_500);
  world.simulator.play({});
  await world.settled();

  expect(service.log.filter(({ event }) => event === 'expired')).toMatchObject([
    { level: 'error', topic: world.source, partition: 0, committed: taken, earliest: 2_500, lost: 2_500 - taken },
  ]);
  expect(await service.metric(EXPIRED)).toBe(2_500 - taken);
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({
    doubled: [],
    parked: [],
    uncommitted: [],
    disorder: [],
    deadLettered: [],
    repeats: 0,
  });
  expect(ledger.lost).toEqual(world.written.slice(taken, 2_500).map(({ paymentId }) => paymentId));
});

test('a source made anew with fewer records: the process ends with the reason and the remedy, its successor begins anew', async () => {
  // Its outcomes could not be told from those of the old source: the offsets are the same.
  const world = await World.create({ partitions: 1, settings: { OUTCOMES_TOPIC: '' } });
  await world.writeEverywhere(20);
  const service = await world.start();
  await expectAccounted(world);

  await world.admin.deleteTopics({ topics: [world.source] });
  const topic = { topic: world.source, numPartitions: 1, replicationFactor: 1 };
  await until('the old topic to be gone', async () => !(await world.admin.listTopics()).includes(world.source));
  await until('the new one', () => makeTopics(world.admin, [topic]));
  world.written.splice(0);
  await world.writeEverywhere(3, 'NEW');
  expect(await service.exit()).toBe(1);
  expect(service.errors).toContain(`${world.source} was deleted and made anew`);
  expect(service.errors).toContain('--reset-offsets --to-earliest');

  await world.start();
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered, repeats]).toEqual([['NEW-0-0', 'NEW-0-1', 'NEW-0-2'], 0]);
});

async function deleteBefore({ admin, source }: World, partition: number, offset: number): Promise<void> {
  // The client has to hear of the topic first.
  await admin.fetchTopicOffsets(source);
  await admin.deleteTopicRecords({ topic: source, partitions: [{ partition, offset: String(offset) }] });
}
