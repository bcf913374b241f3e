import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

/** What autoscalers and operators are told: a partition without a committed offset counts all it holds as lag, for ever. */
const WITHIN_MS = 30_000;
const SUFFIXES = ['', 'retry.1s', 'retry.3s'];

test('within 30 s of its assignment, be it idle, of a retry topic or just added', async () => {
  const world = await World.create({ partitions: 4 });
  await world.write(0, ['only-one']);
  const service = await world.start();
  await committedEverywhere(world, 4);

  await world.admin.createPartitions({ topicPartitions: [{ topic: world.source, count: 6 }] });
  await until('the added partitions to be assigned', () =>
    service.log.some(({ event, partitions }) => event === 'joined' && of(partitions, world.source).length === 6),
  );
  await committedEverywhere(world, 6);
  const added = [...(await world.committed())].filter(([partition]) => partition >= 4);
  expect(added.map(([, offset]) => offset)).toEqual([0, 0]);
});

async function committedEverywhere(world: World, partitions: number): Promise<void> {
  for (const suffix of SUFFIXES) {
    await until(
      `a committed offset for each partition of ${world.topic(suffix)}`,
      async () => {
        const committed = [...(await world.committed(suffix)).values()];
        return committed.length === partitions && committed.every((offset) => offset >= 0);
      },
      { withinMs: WITHIN_MS },
    );
  }
}

function of(partitions: unknown, topic: string): readonly unknown[] {
  return (partitions as Readonly<Record<string, readonly unknown[]>>)[topic] ?? [];
}
