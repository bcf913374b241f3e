import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 8;
const ROUNDS = 4;

test('members join and leave while records flow, keys of a partition side by side', async () => {
  const world = await World.create({
    partitions: PARTITIONS,
    profile: { delayMs: 5 },
    settings: { ORDERING: 'key', KEY_CONCURRENCY: '4' },
  });
  const steady = await world.start();
  const rebalances = async (): Promise<number> => (await steady.metric('notifier_rebalances_total')) ?? 0;

  let batch = 0;
  const enough = new AbortController();
  const load = (async () => {
    while (!enough.signal.aborted) {
      await until('room for more', () => world.written.length - world.simulator.requests().length < 400);
      batch += 1;
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        for (const key of ['A', 'B', 'C']) {
          const ids = [1, 2, 3, 4].map((number) => `P-${String(partition)}-${key}-${String(batch)}-${String(number)}`);
          await world.write(partition, ids, { key });
        }
      }
    }
  })();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const guest = await world.start();
    const joined = await rebalances();
    const sent = world.simulator.requests().length;
    await until('records to flow through both', () => world.simulator.requests().length > sent + 60);
    expect(await guest.end()).toBe(0);
    await until('the partitions to come back', async () => (await rebalances()) > joined);
  }
  enough.abort();
  await load;

  const { delivered, repeats } = await expectAccounted(world, 90_000, 'key');
  expect([delivered.length, repeats]).toEqual([world.written.length, 0]);
  expect(await rebalances()).toBeGreaterThan(2 * ROUNDS);
});
