import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

test('a member told to stop finishes what is in flight, and its successor goes on behind it', async () => {
  const world = await World.create({ partitions: 4, profile: { delayMs: 20 } });
  await world.writeEverywhere(100);
  for (const share of [100, 250, 400]) {
    const service = await world.start();
    await until('some requests', () => world.simulator.requests().length >= share);
    expect(await service.end('SIGTERM')).toBe(0);
    const requests = world.simulator.requests().length;
    const committed = [...(await world.committed()).values()].reduce((sum, offset) => sum + offset, 0);
    expect(committed).toBe(requests);
  }
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([400, 0]);
});
