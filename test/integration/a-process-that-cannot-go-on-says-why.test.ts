import { expect, test } from 'vitest';
import { keepLedger } from '../support/ledger.ts';
import { trouble } from '../support/trouble.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const SECRET = 'signature-of-a-request-in-flight';

test('an error that nothing expected ends it with 1, says which and where, and nothing that hangs on the error', async () => {
  await Promise.all((['reject', 'throw'] as const).map(endsByError));
});

async function endsByError(kind: 'reject' | 'throw'): Promise<void> {
  const world = await World.create({ partitions: 2, profile: { delayMs: 20 } });
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
