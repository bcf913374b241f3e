import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { parkByHand } from '../support/park-by-hand.ts';
import { overwrite } from './overwrite-segment.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

test('of the source: nothing wrong is sent, others flow, and read well again it goes out once and in order', async () => {
  const world = await World.create({ partitions: 3 });
  await world.write(0, ['before-1', 'before-2']);
  await world.write(0, ['payment-1', 'payment-2']);
  await world.write(0, ['after-1', 'after-2']);
  await world.write(1, ['other-1']);
  await overwrite(world.source, 0, 'payment-1', 'payment-X');

  const service = await world.start();
  const sent = (): string[] => world.simulator.requests().map(({ paymentId }) => paymentId);
  const tries = (): Promise<number> =>
    service.metric('notifier_corrupt_batches_total{tier="main"}').then((count = 0) => count);
  await until('the batch to be asked for again', async () => (await tries()) >= 3);
  await world.write(2, ['other-2', 'other-3']);
  await until('the other partitions', () => sent().includes('other-3') && sent().includes('other-1'));
  expect(sent().sort()).toEqual(['before-1', 'before-2', 'other-1', 'other-2', 'other-3']);
  expect((await world.committed()).get(0)).toBe(2);
  expect(service.log.filter(({ event }) => event === 'corrupt')).toMatchObject([
    {
      level: 'error',
      topic: world.source,
      partition: 0,
      offset: 2,
      remedy: expect.stringContaining('leader') as string,
    },
  ]);
  expect((await service.get('/readyz')).status).toBe(200);

  await overwrite(world.source, 0, 'payment-X', 'payment-1');
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([world.written.length, 0]);
  const told = await tries();
  expect(told, 'asked for again after a pause, not as fast as can be').toBeLessThan(60);
});

test('of a retry topic, where a member joins: no event overtakes what cannot be read, and others flow', async () => {
  const world = await World.create({ partitions: 2 });
  await world.write(0, ['parked-1'], { key: 'K' });
  await world.write(0, ['follower'], { key: 'K' });
  await world.write(1, ['other']);
  await parkByHand(world, { tier: '1s', origin: 0, paymentId: 'parked-1', attempts: 1, hops: 1, dueInMs: 0 });
  await world.commitByHand(1);
  await overwrite(world.topic('retry.1s'), 0, 'parked-1', 'parked-X');

  const service = await world.start();
  const tries = 'notifier_corrupt_batches_total{tier="1s"}';
  await until('the batch to be asked for again', async () => ((await service.metric(tries)) ?? 0) >= 3);
  const sent = (): string[] => world.simulator.requests().map(({ paymentId }) => paymentId);
  await until('the other partition', () => sent().includes('other'));
  expect(sent()).toEqual(['other']);

  await overwrite(world.topic('retry.1s'), 0, 'parked-X', 'parked-1');
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats, sent()]).toEqual([3, 0, ['other', 'parked-1', 'follower']]);
});
