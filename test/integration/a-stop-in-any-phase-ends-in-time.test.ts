import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import kafkajs from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../../deploy/local/cluster.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { keepLedger } from '../support/ledger.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const SHUTDOWN_MS = 4_000;
const SESSION_MS = 7_500;
/** Sooner than anything could be waited for. */
const AT_ONCE_MS = 500;
/** What ending a process takes on a machine that is busy. */
const MARGIN_MS = 1_500;
const settings = { SHUTDOWN_TIMEOUT: `${String(SHUTDOWN_MS)}ms`, KAFKA_SESSION_TIMEOUT: `${String(SESSION_MS)}ms` };
const UNKNOWN = { rules: [{ when: { attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] };

test.each(['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL'])('while what %s names refuses or never answers', async (name) => {
  const world = await World.create({ partitions: 1, settings });
  await world.write(0, ['P-1']);
  for (const port of [1, await neverAnswering()]) {
    const address = `127.0.0.1:${String(port)}`;
    const service = await world.launch({ [name]: name === 'KAFKA_BROKERS' ? address : `http://${address}` });
    await until('it to be up', async () => (await service.get('/startupz')).status === 200);
    if (port === 1) await until('it to wait', () => service.output.includes('waiting for the'));
    await stops(service, 0);
  }
  await world.start();
  expect(await expectAccounted(world)).toMatchObject({ delivered: ['P-1'], repeats: 0 });
});

test('while a join waits for a member that is frozen: at once, and the group waits for nobody else', async () => {
  // Longer than a busy machine takes to start the third member; nobody waits for its end.
  const world = await World.create({ partitions: 2, settings: { ...settings, KAFKA_SESSION_TIMEOUT: '30s' } });
  const [frozen, serving] = [await world.start(), await world.start()];
  await world.writeEverywhere(3);
  await world.settled();
  frozen.signal('SIGSTOP');
  const joining = await world.launch();
  await until('the rebalance', async () => (await groupNow(world)).state === 'PreparingRebalance');
  await until('the member that serves to join again', () => hasLeft(serving));
  await until('the other one to be known', async () => (await groupNow(world)).members.length === 3);
  await Promise.all([stops(joining, 0, AT_ONCE_MS), stops(serving, 0, AT_ONCE_MS)]);
  // Nobody but the frozen one, or not even that one where its session was over meanwhile.
  expect((await groupNow(world)).members.length).toBeLessThan(2);

  await world.writeEverywhere(3, 'LATER');
  const late = await world.launch();
  frozen.signal('SIGCONT');
  await late.ready();
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([12, 0]);
});

test('while a join waits for a member that is frozen and does not come back', async () => {
  const world = await World.create({ partitions: 2, settings });
  const frozen = await world.start();
  await world.writeEverywhere(3);
  await world.settled();
  frozen.signal('SIGSTOP');
  const joining = await world.launch();
  await until('it to be known', async () => (await groupNow(world)).members.length === 2);
  await stops(joining, 0, AT_ONCE_MS);
  await until('the session of the frozen one to be over', async () => (await groupNow(world)).state === 'Empty');
  const began = performance.now();
  await world.start();
  expect(performance.now() - began).toBeLessThan(SESSION_MS);
  await world.writeEverywhere(3, 'LATER');
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([12, 0]);
});

test('while the brokers take no retry record: nothing is committed, and 1 says so', async () => {
  const world = await World.create({ partitions: 1, settings, profile: UNKNOWN });
  const service = await world.start();
  await cleanupOfRetries(world, 'compact');
  await world.write(0, ['P-1', 'P-2'], { key: null });
  const waiting = 'notifier_produce_errors_total{target="retry"}';
  await until('a record that cannot be parked', async () => ((await service.metric(waiting)) ?? 0) > 0);
  await stops(service, 1);
  expect(service.errors).toContain('payment-notifier: not drained in time; ');
  expect((await world.committed()).get(0)).toBe(0);
  expect(world.simulator.requests()).toHaveLength(1);

  await cleanupOfRetries(world, 'delete');
  await world.start();
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([2, 0]);
});

test('while the brokers are gone', async () => {
  const cluster = await startCluster({ registry: false });
  onTestFinished(() => cluster.stop());
  const world = await World.create({ partitions: 2, settings, bootstrapServers: cluster.bootstrapServers });
  await world.writeEverywhere(100);
  world.simulator.play({ delayMs: 50 });
  const [broker] = cluster.brokers;
  const service = await world.start();
  await until('requests to flow', () => world.simulator.requests().length > 10);
  await broker?.kill();
  const unwritten = 'notifier_produce_errors_total{target="outcome"}';
  await until('an outcome that cannot be written', async () => ((await service.metric(unwritten)) ?? 0) > 0);
  await stops(service, 1);

  await broker?.start();
  await until('the coordinator to have loaded its group', () => world.committed().then(Boolean, () => false));
  await world.start();
  const { delivered, repeats } = await expectAccounted(world);
  expect(delivered).toHaveLength(200);
  expect(repeats).toBeLessThanOrEqual(2 * world.partitions);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second signal ends it at once: %s, %i', async (signal, code) => {
  const world = await World.create({ partitions: 1, settings, profile: { default: { fault: 'no_answer' } } });
  await world.write(0, ['P-1']);
  const service = await world.start();
  await until('a request in flight', () => world.simulator.requests().length === 1);
  service.signal('SIGTERM');
  await until('it to drain', () => isDraining(service));
  const began = performance.now();
  service.signal(signal);
  expect(await service.exit()).toBe(code);
  expect(performance.now() - began).toBeLessThan(MARGIN_MS);
  expect((await world.committed()).get(0)).toBe(0);
  expect(await keepLedger(world)).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: ['P-1'] });
});

/** Tells it to stop and checks that it does in time. */
async function stops(service: ServiceProcess, code: number, withinMs = SHUTDOWN_MS): Promise<void> {
  const began = performance.now();
  service.signal('SIGTERM');
  expect(await service.exit(), service.tail()).toBe(code);
  expect(performance.now() - began).toBeLessThan(withinMs + MARGIN_MS);
}

async function groupNow(world: World): Promise<{ state: string; members: readonly object[] }> {
  const { groups } = await world.admin.describeGroups([world.group]);
  const { state = '', members = [] } = groups[0] ?? {};
  return { state, members };
}

/** Whether it gave up its partitions, to leave or to join again. */
function hasLeft(service: ServiceProcess): boolean {
  return service.log.some(({ event }) => event === 'left');
}

async function isDraining(service: ServiceProcess): Promise<boolean> {
  return (await service.get('/readyz')).body.includes('not true: this member is not draining');
}

/** A port where connections are taken and nothing is ever said. */
async function neverAnswering(): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** A topic that is compacted takes no record without a key. */
async function cleanupOfRetries(world: World, policy: 'compact' | 'delete'): Promise<void> {
  const configEntries = [{ name: 'cleanup.policy', value: policy }];
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: world.topic('retry.1s'), configEntries }];
  await world.admin.alterConfigs({ validateOnly: false, resources });
}
