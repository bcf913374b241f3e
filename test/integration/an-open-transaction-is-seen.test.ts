import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const LAG = 'notifier_consumer_lag_records{tier="main",partition="0"}';
const OLDEST = 'notifier_oldest_unnotified_timestamp_seconds{tier="main",partition="0"}';

test('payments behind a transaction that stays open count as lag, are dated and named; once it has ended all are sent', async () => {
  const world = await World.create({ partitions: 1 });
  const producer = world.kafka.producer({ transactionalId: world.source, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const write = async (id: string) => {
    const transaction = await producer.transaction();
    await transaction.send({
      topic: world.source,
      messages: [{ key: id, value: world.encode(sampleEvent(id, true)), partition: 0 }],
    });
    return transaction;
  };
  await (await write('first')).commit();
  const service = await world.start();
  await world.settled();
  await until('an idle transactional source to show no lag', async () => (await service.metric(LAG)) === 0);
  expect(await service.metric(OLDEST)).toBe(0);

  const began = Date.now() / 1_000;
  const open = await write('open');
  await world.write(0, ['P-1', 'P-2', 'P-3', 'P-4', 'P-5']);
  await until('the lag to be what Kafka says', async () => (await service.metric(LAG)) === 6);
  const oldest = (await service.metric(OLDEST)) ?? 0;
  expect(oldest).toBeGreaterThanOrEqual(Math.floor(began));
  expect(oldest).toBeLessThanOrEqual(Date.now() / 1_000);
  const named = await until(
    'the partition to be named',
    () => service.log.find(({ event, for: target }) => event === 'waiting' && target === 'open_transaction'),
    { withinMs: 60_000 },
  );
  expect(named).toMatchObject({ level: 'warn', record: `${world.source}:0:2` });
  expect(await service.metric(OLDEST), 'it stands since the same time').toBe(oldest);
  expect(world.simulator.requests().map(({ paymentId }) => paymentId)).toEqual(['first']);

  await open.abort();
  await world.settled();
  await producer.disconnect();
  const sent = world.simulator.requests().map(({ paymentId }) => paymentId);
  expect(sent).toEqual(['first', 'P-1', 'P-2', 'P-3', 'P-4', 'P-5']);
  await until('no lag', async () => (await service.metric(LAG)) === 0 && (await service.metric(OLDEST)) === 0);
});
