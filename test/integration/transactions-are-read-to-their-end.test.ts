import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { World } from '../support/world.ts';

test('committed transactions are sent, aborted ones are not, and offsets are committed past their markers', async () => {
  const world = await World.create({ partitions: 1 });
  const producer = world.kafka.producer({ transactionalId: world.source, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const write = async (ids: readonly string[], end: 'commit' | 'abort'): Promise<void> => {
    const transaction = await producer.transaction();
    const messages = ids.map((id) => ({ key: id, value: world.encode(sampleEvent(id, true)), partition: 0 }));
    await transaction.send({ topic: world.source, messages });
    await transaction[end]();
  };
  await write(['T-1', 'T-2'], 'commit');
  await world.start();
  await world.settled();
  await write(['T-3'], 'abort');
  await world.settled();
  await write(['T-4'], 'commit');
  await world.settled();
  await producer.disconnect();

  expect(world.simulator.requests().map(({ paymentId }) => paymentId)).toEqual(['T-1', 'T-2', 'T-4']);
  const [end] = await world.admin.fetchTopicOffsets(world.source);
  expect(Number(end?.high)).toBe(7);
  expect((await world.committed()).get(0)).toBe(7);
});
