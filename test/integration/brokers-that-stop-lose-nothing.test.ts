import kafkajs from 'kafkajs';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Broker } from '../../deploy/local/broker.ts';
import { startCluster, type Cluster } from '../../deploy/local/cluster.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { coordinatorOf, longestWait, untilInSync, untilLed } from './three-brokers.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PARTITIONS = 4;
const LANES = PARTITIONS * 3;
/** From the moment at which the brokers could serve again to the next request of the slowest partition. */
const RESUMED_WITHIN_MS = 5_000;
/** The shortest that settings allow is above `GATEWAY_TIMEOUT` + 5 s. */
const SESSION_MS = 6_000;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ brokers: 3, registry: false });
  return () => cluster.stop();
});

function threeBrokers(settings: Readonly<Record<string, string>> = {}): Promise<World> {
  return World.create({
    partitions: PARTITIONS,
    bootstrapServers: cluster.bootstrapServers,
    replicationFactor: 3,
    profile: { delayMs: 40, rules: [{ when: { attempt: 1, share: 0.05 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] },
    settings: { KAFKA_SESSION_TIMEOUT: `${String(SESSION_MS)}ms`, GATEWAY_TIMEOUT: '500ms', ...settings },
  });
}

test('the coordinator dies and every other broker restarts in turn: nothing is repeated but what was in flight', async () => {
  const world = await threeBrokers();
  await world.writeEverywhere(150);
  const members = [await world.start(), await world.start()];
  await until('records to flow', () => world.simulator.requests().length > 100);

  const waits: number[] = [];
  const without = async (broker: Broker, end: () => Promise<void>): Promise<void> => {
    await end();
    await untilLed(world, cluster);
    await world.writeEverywhere(20, `W${String(waits.length)}`);
    waits.push(await longestWait(world, Date.now()));
    await broker.start();
    await untilInSync(world);
  };
  const coordinator = await coordinatorOf(world, cluster);
  await without(coordinator, () => coordinator.kill());
  for (const broker of cluster.brokers.filter(({ id }) => id !== coordinator.id)) {
    await without(broker, () => broker.stop());
  }

  world.simulator.play({});
  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(world.written.length);
  expect(repeats).toBeLessThanOrEqual(LANES);
  expect(Math.max(...waits)).toBeLessThan(RESUMED_WITHIN_MS);
  for (const member of members) expect(await member.end(), member.tail()).toBe(0);
});

test('too few replicas in sync to park: the lane waits, and goes on unaided when they are back', async () => {
  const world = await threeBrokers();
  world.simulator.play({ rules: [{ when: { attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] });
  const service = await world.start();
  const resources = ['retry.1s', 'retry.3s'].map((suffix) => ({
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name: world.topic(suffix),
    configEntries: [{ name: 'min.insync.replicas', value: '3' }],
  }));
  await world.admin.alterConfigs({ validateOnly: false, resources });
  const [broker] = cluster.brokers;
  await broker?.stop();
  await untilLed(world, cluster);
  await world.writeEverywhere(3);
  const refused = 'notifier_produce_errors_total{target="retry"}';
  await until('produce errors', async () => ((await service.metric(refused)) ?? 0) >= PARTITIONS);

  expect(world.simulator.requests()).toHaveLength(PARTITIONS);
  expect([...(await world.committed()).values()]).toEqual(Array<number>(PARTITIONS).fill(0));
  expect(await world.records('retry.1s')).toEqual([]);
  expect(await world.records('dead-letter')).toEqual([]);
  expect(service.log.find(({ for: target }) => target === 'retry')).toMatchObject({
    event: 'waiting',
    level: 'warn',
    remedy: expect.stringContaining('enough replicas are in sync') as string,
  });

  await broker?.start();
  await untilInSync(world);
  const wait = await longestWait(world, Date.now());
  const { delivered, deadLettered, repeats } = await expectAccounted(world);
  expect([delivered.length, deadLettered, repeats]).toEqual([world.written.length, [], 0]);
  expect(wait).toBeLessThan(RESUMED_WITHIN_MS);
});

test('a coordinator that is frozen costs nobody the session: its group goes on at another broker, and nobody joins again', async () => {
  const sessionMs = 12_000;
  const world = await threeBrokers({ KAFKA_SESSION_TIMEOUT: `${String(sessionMs)}ms` });
  world.simulator.play({ delayMs: 40 });
  await world.writeEverywhere(500);
  const members = [await world.start(), await world.start()];
  await until('both to share', async () => {
    const owned = await Promise.all(
      members.map((member) => member.metric('notifier_assigned_partitions{tier="main"}')),
    );
    return owned.every((count) => count === PARTITIONS / 2);
  });
  const joins = () => members.map((member) => member.log.filter(({ event }) => event === 'joined').length);
  const before = joins();

  const { pid = 0 } = await coordinatorOf(world, cluster);
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(pid, 'SIGCONT'));
  const frozen = Date.now();
  await until('the session to be over', () => Date.now() - frozen > sessionMs + 2_000);
  process.kill(pid, 'SIGCONT');
  await untilInSync(world);
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats, joins()]).toEqual([world.written.length, 0, before]);
});

test('all brokers are dead for longer than the session: it waits, goes on unaided, and can be stopped without them', async () => {
  const world = await threeBrokers();
  await world.writeEverywhere(60);
  const service = await world.start();
  await until('records to flow', () => world.simulator.requests().length > 40);

  const died = Date.now();
  await Promise.all(cluster.brokers.map((broker) => broker.kill()));
  await until('the session to be over', () => Date.now() - died > SESSION_MS + 1_000);
  await Promise.all(cluster.brokers.map((broker) => broker.start()));
  await untilLed(world, cluster);
  await world.writeEverywhere(5, 'BACK');
  const wait = await longestWait(world, Date.now());
  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(world.written.length);
  expect(repeats).toBeLessThanOrEqual(LANES * 2);
  expect(wait).toBeLessThan(RESUMED_WITHIN_MS);
  expect((await service.get('/livez')).status).toBe(200);

  await Promise.all(cluster.brokers.map((broker) => broker.kill()));
  expect(await service.end(), service.tail()).toBe(0);
});
