import { expect, test } from 'vitest';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;
/** So many events, with ids so long, that a third of their lines finds room neither in the process nor in the pipe. */
const EVENTS = 4_000;
const DIGITS = 57;

test('with a reader that stalls all are notified, probes answer, lines are left out and counted, and it ends in time', async () => {
  const world = await World.create({ partitions: PARTITIONS });
  const service = await world.start({ SHUTDOWN_TIMEOUT: '10s' });
  service.stopReading();
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const ids = Array.from(
      { length: EVENTS / PARTITIONS },
      (_, at) => `P${String(partition)}-${String(at).padStart(DIGITS, '0')}`,
    );
    await world.write(partition, ids);
  }
  await until(
    'all to be sent, with probes that answer meanwhile',
    async () => {
      expect((await service.get('/livez')).status).toBe(200);
      return world.simulator.requests().length >= EVENTS;
    },
    { withinMs: 90_000 },
  );
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([EVENTS, 0]);
  expect(await service.metric('notifier_log_lines_dropped_total')).toBeGreaterThan(0);

  const began = performance.now();
  service.signal('SIGTERM');
  await until('the process to end', () => service.hasEnded);
  expect(performance.now() - began).toBeLessThan(10_000);
  service.stopListening();
  expect(await service.exit()).toBe(0);
});

test('a reader that has gone stops nothing either', async () => {
  const world = await World.create();
  const service = await world.start();
  service.stopListening();
  await world.writeEverywhere(50);
  const { delivered } = await expectAccounted(world);
  expect(delivered).toHaveLength(world.written.length);
  expect(await service.metric('notifier_log_lines_dropped_total')).toBeGreaterThan(0);
  expect(await service.end()).toBe(0);
});
