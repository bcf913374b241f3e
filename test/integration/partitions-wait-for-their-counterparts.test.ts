import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { makeTopics } from '../support/make-topics.ts';
import { until } from '../support/until.ts';
import { OUTCOMES, World } from '../support/world.ts';

const COUNTERPARTS = ['retry.1s', 'retry.3s', 'dead-letter'];

test('partitions added to the source of a running service are served once every counterpart has them', async () => {
  const world = await World.create({ partitions: 2, settings: { CREATE_TOPICS: 'false' } });
  const topics = [...COUNTERPARTS, OUTCOMES].map((suffix) => ({ topic: world.topic(suffix), numPartitions: 2 }));
  await makeTopics(world.admin, topics);
  const grow = async (suffix: string, count: number): Promise<void> => {
    await world.admin.createPartitions({ topicPartitions: [{ topic: world.topic(suffix), count }] });
  };
  const service = await world.start();
  await world.writeEverywhere(3);
  const unserved = (): Promise<number | undefined> => service.metric('notifier_unserved_partitions');

  await grow('', 3);
  world.partitions = 3;
  await world.writeEverywhere(5, 'SHORT');
  await until('the new partition to be missed', async () => (await unserved()) === 1);
  expect(service.log.find(({ event }) => event === 'unserved')).toMatchObject({
    level: 'error',
    partitions: [2],
    remedy: expect.stringContaining('add the missing partitions') as string,
  });
  await until('the others to flow', async () => [...(await world.committed()).values()].slice(0, 2).join() === '8,8');
  expect(world.simulator.requests().filter(({ paymentId }) => paymentId.startsWith('SHORT-2'))).toEqual([]);

  for (const suffix of COUNTERPARTS) await grow(suffix, 4);
  await world.settled();
  expect(await unserved()).toBe(0);

  await grow('', 4);
  world.partitions = 4;
  await world.writeEverywhere(2, 'LONG');
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([world.written.length, 0]);
  expect(service.log.filter(({ event, level }) => event === 'unserved' && level === 'error')).toHaveLength(1);
});
