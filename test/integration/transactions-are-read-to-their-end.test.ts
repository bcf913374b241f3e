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

test('of transactions that were open at once and aborted nothing is sent, whichever ended first', async () => {
  const world = await World.create({ partitions: 1 });
  const begin = async (name: string) => {
    const transactionalId = `${world.source}-${name}`;
    const producer = world.kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    const write = (id: string) =>
      transaction.send({
        topic: world.source,
        messages: [{ key: id, value: world.encode(sampleEvent(id, true)), partition: 0 }],
      });
    const end = async (how: 'commit' | 'abort'): Promise<void> => {
      await transaction[how]();
      await producer.disconnect();
    };
    return { write, end };
  };
  const [outer, inner, good] = [await begin('outer'), await begin('inner'), await begin('good')];
  await outer.write('outer-1');
  await inner.write('inner-1');
  await good.write('good-1');
  await inner.end('abort');
  await outer.write('outer-2');
  await outer.end('abort');
  await good.end('commit');
  await world.write(0, ['last']);
  await world.start();
  await world.settled();

  expect(world.simulator.requests().map(({ paymentId }) => paymentId)).toEqual(['good-1', 'last']);
  const [end] = await world.admin.fetchTopicOffsets(world.source);
  expect((await world.committed()).get(0)).toBe(Number(end?.high));
});
