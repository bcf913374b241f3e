import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../../deploy/local/cluster.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;

test('the only broker dies under load and comes back: the service waits, resumes unaided and loses nothing', async () => {
  const cluster = await startCluster({ registry: false });
  onTestFinished(() => cluster.stop());
  const world = await World.create({
    partitions: PARTITIONS,
    bootstrapServers: cluster.bootstrapServers,
    profile: { delayMs: 5, rules: [{ when: { attempt: 1, share: 0.1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
  });
  await world.writeEverywhere(400);
  const service = await world.start();
  const sent = (): number => world.simulator.requests().length;
  await until('records to flow', () => sent() > 200);

  const [broker] = cluster.brokers;
  await broker?.kill();
  const unwritten = 'notifier_produce_errors_total{target="outcome"}';
  await until('an outcome that cannot be written', async () => ((await service.metric(unwritten)) ?? 0) > 0);
  await broker?.start();
  const answers = (): Promise<boolean> => world.committed().then(Boolean, () => false);
  await until('the coordinator to have loaded its group', answers);

  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(PARTITIONS * 400);
  const lanes = PARTITIONS * 3;
  expect(repeats).toBeLessThanOrEqual(lanes * 2);
  expect(service.running).toBe(true);
  expect((await service.get('/livez')).status).toBe(200);
});
