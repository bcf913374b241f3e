import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { keepLedger } from '../support/ledger.ts';
import { trouble } from '../support/trouble.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const SECRET = 'signature-of-a-request-in-flight';

test('an error that nothing expected ends it with 1, says which and where, and nothing that hangs on the error', async () => {
  const worlds = { reject: await littleWorld(), throw: await littleWorld() };
  await Promise.all((['reject', 'throw'] as const).map((kind) => endsByError(worlds[kind], kind)));
});

test('a partition that ends before its committed offset ends it with 1 and says what to decide', async () => {
  const world = await World.create({ partitions: 2 });
  await world.writeEverywhere(2);
  const first = await world.start();
  await world.settled();
  expect(await first.end()).toBe(0);
  await world.admin.setOffsets({
    groupId: world.group,
    topic: world.source,
    partitions: [{ partition: 1, offset: '7' }],
  });
  const service = await world.launch();
  expect(await service.exit()).toBe(1);
  expect(service.errors).toContain(`${world.source}:1 ends at offset 2, but the group has committed 7`);
  expect(service.errors).toContain('--reset-offsets');

  await world.admin.setOffsets({
    groupId: world.group,
    topic: world.source,
    partitions: [{ partition: 1, offset: '2' }],
  });
  await world.start();
  await world.writeEverywhere(1, 'LATER');
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([6, 0]);
});

function littleWorld(): Promise<World> {
  return World.create({ partitions: 2, profile: { delayMs: 20 } });
}

async function endsByError(world: World, kind: 'reject' | 'throw'): Promise<void> {
  await world.writeEverywhere(40);
  const service = await world.start(trouble(kind, SECRET));
  await until('requests to flow', () => world.simulator.requests().length > 10);
  service.signal('SIGUSR2');
  expect(await service.exit()).toBe(1);
  expect(service.errors).toMatch(/^payment-notifier: ended by an error that nothing expected\n/);
  expect(service.errors).toContain('payment-notifier: Error: nobody caught this\n');
  expect(service.errors).toContain('on-sigusr2.mjs');
  expect(service.output + service.errors).not.toContain(SECRET);

  await world.start();
  await world.settled();
  const { repeats, ...ledger } = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [] });
  expect(repeats).toBeLessThanOrEqual(2 * world.partitions);
}
