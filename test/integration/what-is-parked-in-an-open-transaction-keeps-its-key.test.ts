import { expect, test } from 'vitest';
import { parkByHand } from '../support/park-by-hand.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

test.each([
  ['commit', ['FIRST', 'SECOND']],
  ['abort', ['SECOND']],
] as const)('a later event waits behind it, and goes on after its %s', async (end, sent) => {
  const world = await World.create({ partitions: 1 });
  await world.write(0, ['FIRST', 'SECOND'], { key: 'K' });
  await world.commitByHand(1);
  const producer = world.kafka.producer({ transactionalId: world.source, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  const first = { tier: '1s', origin: 0, paymentId: 'FIRST', attempts: 1, hops: 1, dueInMs: 0 };
  await parkByHand(world, first, transaction);

  const service = await world.start();
  await until('the second one to be parked', () => service.log.find(({ event }) => event === 'behind_parked_key'));
  expect(world.simulator.requests()).toEqual([]);
  await transaction[end]();
  await producer.disconnect();
  await world.settled();
  expect(world.simulator.requests().map(({ paymentId }) => paymentId)).toEqual(sent);
});
