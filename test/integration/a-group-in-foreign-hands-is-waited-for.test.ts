import kafkajs from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../../deploy/local/cluster.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { foreignConsumer } from './foreign-consumer.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes: ResourceTypes } = kafkajs;
const { LITERAL } = kafkajs.ResourcePatternTypes;
const PROTOCOLS = ['classic', 'consumer'] as const;

test.each(PROTOCOLS)('it is said what is in the way, and what to do; then it joins: %s', async (protocol) => {
  const world = await World.create({ partitions: 2 });
  await world.writeEverywhere(3);
  const foreigner = await foreignConsumer(world, protocol);
  await until('the foreigner to read', () => foreigner.said().includes('P-1-2'));
  const service = await world.launch();
  const refusal = await until('a refusal', () => refusals(service)[0]);
  expect(refusal).toMatchObject({
    level: 'error',
    group: world.group,
    reason: 'taken',
    msg: expect.stringContaining(`the group ${world.group} is used by something else`) as string,
    remedy: expect.stringMatching(/--describe --members.*KAFKA_GROUP_ID/) as string,
  });
  expect((await service.get('/readyz')).body).toContain('not true: this member belongs to its group');
  expect((await service.get('/livez')).status).toBe(200);

  await foreigner.end();
  await service.ready();
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([6, 0]);
  expect(refusals(service)).toHaveLength(1);
});

test('a stop ends the waiting at once', async () => {
  const world = await World.create({ partitions: 1 });
  const first = await world.start();
  expect(await first.end()).toBe(0);
  const foreigner = await foreignConsumer(world, 'classic');
  await until('it to hold the group', async () => {
    const { groups } = await world.admin.describeGroups([world.group]);
    return groups[0]?.members.length === 1;
  });
  const service = await world.launch();
  await until('a refusal', () => refusals(service)[0]);
  expect(await service.end()).toBe(0);
  await foreigner.end();
  await world.start();
  await world.writeEverywhere(2);
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([2, 0]);
});

test.each(PROTOCOLS)('one that comes while we run changes nothing: %s', async (protocol) => {
  const world = await World.create({ partitions: 2, profile: { delayMs: 20 } });
  const service = await world.start();
  await world.writeEverywhere(50);
  const foreigner = await foreignConsumer(world, protocol);
  await foreigner.exited;
  await world.writeEverywhere(3, 'LATER');
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([106, 0]);
  expect(foreigner.said()).toMatch(/Inconsistent|Cannot upgrade/);
  expect(foreigner.said()).not.toMatch(/P-\d-/);
  expect(service.log.filter(({ event }) => event === 'joined')).toHaveLength(1);
});

test.each([
  ['that never read it', false],
  ['that has read it before', true],
])(
  'a member with another source, %s, is refused, names both and is not ready; the group goes on',
  async (_, hasOffsets) => {
    const [world, other] = [await World.create({ partitions: 2 }), await World.create({ partitions: 2 })];
    if (hasOffsets) {
      const partitions = [0, 1].map((partition) => ({ partition, offset: '0' }));
      await other.admin.setOffsets({ groupId: world.group, topic: other.source, partitions });
    }
    const service = await world.start();
    await world.writeEverywhere(3);
    const stranger = await other.launch({ KAFKA_GROUP_ID: world.group });
    const refusal = await until('a refusal', () => refusals(stranger)[0]);
    expect(refusal).toMatchObject({ level: 'error', group: world.group, reason: 'other_source' });
    const sources = `the members of this group read ${world.source}, and this one ${other.source}`;
    expect(JSON.stringify(refusal)).toContain(sources);
    expect((await stranger.get('/readyz')).status).toBe(503);
    await world.writeEverywhere(3, 'BESIDE');
    await other.writeEverywhere(2);
    const { delivered, repeats } = await expectAccounted(world);
    expect([delivered.length, repeats]).toEqual([12, 0]);
    expect((await service.get('/readyz')).status).toBe(200);
    expect(other.simulator.requests()).toEqual([]);

    expect(await service.end()).toBe(0);
    await stranger.ready();
    await until('its own to flow', () => other.simulator.requests().length === 4);
    expect(await stranger.end()).toBe(0);
  },
);

test('a group that the brokers do not let us use as we want is told with its remedy', async () => {
  const cluster = await startCluster({
    registry: false,
    serverProperties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
      'group.max.session.timeout.ms': '20000',
    },
  });
  onTestFinished(() => cluster.stop());
  const world = await World.create({ partitions: 1, bootstrapServers: cluster.bootstrapServers });
  await world.write(0, ['P-1']);

  const refused = await world.launch({ KAFKA_SESSION_TIMEOUT: '25s' });
  expect(await refused.exit()).toBe(2);
  expect(refused.errors).toContain('KAFKA_SESSION_TIMEOUT: the brokers do not allow 25000 ms');

  const group = { resourceType: ResourceTypes.GROUP, resourceName: world.group } as const;
  const denied = { operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.DENY } as const;
  const acl = { ...group, ...denied, resourcePatternType: LITERAL, principal: 'User:ANONYMOUS', host: '*' };
  await world.admin.createAcls({ acl: [acl] });
  const service = await world.launch();
  await until('a refusal', () => service.output.includes('READ on GROUP'));
  expect((await service.get('/readyz')).status).toBe(503);
  await world.admin.deleteAcls({ filters: [acl] });
  await service.ready();
  expect(await expectAccounted(world)).toMatchObject({ delivered: ['P-1'], repeats: 0 });
});

function refusals(service: ServiceProcess) {
  return service.log.filter(({ event }) => event === 'join_refused');
}
