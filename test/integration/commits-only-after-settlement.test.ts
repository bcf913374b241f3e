import { expect, test } from 'vitest';
import { keepLedger } from '../support/ledger.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

test('an offset is committed once its record is delivered, and every event is delivered once', async () => {
  const world = await World.create({ partitions: 3 });
  await world.writeEverywhere(40);
  await world.start();
  await world.settled();

  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toHaveLength(120);
});

test('nothing is committed while the answer is not there', async () => {
  const world = await World.create({ partitions: 1, profile: { default: { code: 'SUCCESS', delayMs: 1_000 } } });
  await world.write(0, ['P-1', 'P-2']);
  await world.start();
  await until('the first request', () => world.simulator.requests().length > 0);
  expect((await world.committed()).get(0)).toBe(0);

  await world.settled();
  expect((await world.committed()).get(0)).toBe(2);
});
