import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;

test('a member frozen for longer than its session wakes up when its partitions are gone, and repeats at most two a lane', async () => {
  const world = await World.create({
    partitions: PARTITIONS,
    profile: { delayMs: 10 },
    settings: { KAFKA_SESSION_TIMEOUT: '7500ms' },
  });
  const frozen = await world.start();
  const other = await world.start();
  const assigned = 'notifier_assigned_partitions{tier="main"}';
  await until('both to have their share', async () => (await frozen.metric(assigned)) === PARTITIONS / 2);
  await world.writeEverywhere(200);
  await until('records to flow', () => world.simulator.requests().length > 100);

  frozen.signal('SIGSTOP');
  await until('the other to have all partitions', async () => (await other.metric(assigned)) === PARTITIONS);
  frozen.signal('SIGCONT');
  await until('the frozen one to have its share again', async () => (await frozen.metric(assigned)) === PARTITIONS / 2);
  await world.writeEverywhere(50, 'LATER');

  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(PARTITIONS * 250);
  expect(repeats).toBeLessThanOrEqual((PARTITIONS / 2) * 2);
  expect(frozen.running && other.running).toBe(true);
});
