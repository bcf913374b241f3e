import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { trouble } from '../support/trouble.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;
const ASSIGNED = 'notifier_assigned_partitions{tier="main"}';

test('a member frozen for longer than its session wakes up when its partitions are gone, and repeats at most two a lane', async () => {
  const world = await World.create({
    partitions: PARTITIONS,
    profile: { delayMs: 10 },
    settings: { KAFKA_SESSION_TIMEOUT: '7500ms' },
  });
  const frozen = await world.start();
  const other = await world.start();
  await shared([frozen, other]);
  await world.writeEverywhere(200);
  await until('records to flow', () => world.simulator.requests().length > 100);

  frozen.signal('SIGSTOP');
  await until('the other to have all partitions', async () => (await other.metric(ASSIGNED)) === PARTITIONS);
  frozen.signal('SIGCONT');
  await until('the frozen one to have its share again', async () => (await frozen.metric(ASSIGNED)) === PARTITIONS / 2);
  await world.writeEverywhere(50, 'LATER');

  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(PARTITIONS * 250);
  expect(repeats).toBeLessThanOrEqual((PARTITIONS / 2) * 2);
  expect(frozen.running && other.running).toBe(true);
});

test('a member whose event loop stands still for longer than its session sends nothing stale either', async () => {
  const world = await World.create({
    partitions: PARTITIONS,
    profile: { delayMs: 10 },
    settings: { GATEWAY_TIMEOUT: '500ms', KAFKA_SESSION_TIMEOUT: '6s' },
  });
  const members = [await world.start(trouble('block:9000')), await world.start()];
  const [blocked, other] = members;
  await shared(members);
  await world.writeEverywhere(150);
  await until('records to flow', () => world.simulator.requests().length > 50);
  blocked?.signal('SIGUSR2');
  await until('no answer for 5 s', async () => (await blocked?.get('/livez'))?.status === 0);
  await until('the other to have all', async () => (await other?.metric(ASSIGNED)) === PARTITIONS);
  await until('the loop to turn again', async () => (await blocked?.get('/livez'))?.status === 200);
  await shared(members);

  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(PARTITIONS * 150);
  expect(repeats).toBeLessThanOrEqual((PARTITIONS / 2) * 2);
});

async function shared(members: readonly ServiceProcess[]): Promise<void> {
  for (const member of members) {
    await until('each to have its share', async () => (await member.metric(ASSIGNED)) === PARTITIONS / 2);
  }
}
