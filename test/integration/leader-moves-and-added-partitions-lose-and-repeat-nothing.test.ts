import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../../deploy/local/cluster.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { addPartitions, moveLeaders } from '../support/leaders-and-partitions.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const MOVES = 4;

test('leaders move and partitions are added on three brokers, with two members', async () => {
  const cluster = await startCluster({ brokers: 3, registry: false });
  onTestFinished(() => cluster.stop());
  const world = await World.create({
    partitions: 6,
    profile: { delayMs: 5, rules: [{ when: { attempt: 1, share: 0.05 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
    bootstrapServers: cluster.bootstrapServers,
    replicationFactor: 3,
  });
  const members = [await world.start(), await world.start()];

  let moves = 0;
  let batch = 0;
  const write = async (): Promise<void> => {
    await world.writeEverywhere(20, `B${String((batch += 1))}`);
  };
  await write();
  while (moves < MOVES) {
    await write();
    await moveLeaders(world, moves);
    moves += 1;
    if (moves === MOVES / 2) await addPartitions(world, 9);
  }
  await write();
  await until('the new partitions to be read', async () => ((await world.committed()).get(8) ?? -1) > 0);

  const { delivered, repeats } = await expectAccounted(world, 90_000);
  expect([delivered.length, repeats]).toEqual([world.written.length, 0]);
  for (const member of members) expect(await member.end(), member.tail()).toBe(0);
});
