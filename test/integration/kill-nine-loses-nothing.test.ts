import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;
const KILLS = 3;

test('a member killed in the middle loses nothing and repeats at most two records a lane', async () => {
  const world = await World.create({
    partitions: PARTITIONS,
    profile: { delayMs: 10, rules: [{ when: { attempt: 1, share: 0.1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
    settings: { KAFKA_SESSION_TIMEOUT: '7500ms' },
  });
  await world.writeEverywhere(250);
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const victim = await world.start();
    await until('requests to flow', () => world.simulator.requests().length >= kill * 200);
    await victim.end('SIGKILL');
  }
  await world.start();

  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(PARTITIONS * 250);
  const lanes = PARTITIONS * 3;
  expect(repeats).toBeLessThanOrEqual(KILLS * lanes * 2);
});
