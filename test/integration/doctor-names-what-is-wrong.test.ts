import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import kafkajs, { type AclOperationTypes, type AclPermissionTypes, type AclResourceTypes } from 'kafkajs';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { startCluster, type Cluster } from '../../deploy/local/cluster.ts';
import { registerSchema } from '../../src/kafka/produce/emitter.ts';
import type { Check } from '../../src/operate/doctor/check.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { certificateAuthority, gatewayKeysFolder, rsaKeyPair, temporaryFolder } from '../support/keys.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';
import { foreignConsumer } from './foreign-consumer.ts';

/** What ending a process takes on a machine that is busy. */
const MARGIN_MS = 500;

interface Examination {
  readonly code: number;
  readonly checks: readonly Check[];
}

async function doctor(world: World, settings: Readonly<Record<string, string>> = {}): Promise<Examination> {
  const run = await runCommand(['doctor', '--json'], { settings: { ...world.settings, ...settings } });
  expect(run.errors).toBe('');
  const { checks } = JSON.parse(run.output) as { checks: Check[] };
  return { code: run.code, checks };
}

/** What is not as it should be, a line each. */
function complaints({ checks }: Examination): string[] {
  return checks
    .filter(({ status }) => status !== 'ok')
    .map(({ name, status, finding, remedy }) => `${status} | ${name} | ${finding} | ${remedy ?? ''}`);
}

/** A world in which the service has been once, and has left. */
async function prepare(world: World): Promise<World> {
  await registerSchema({ url: inject('registryUrl') }, `${world.source}-value`);
  const service = await world.start();
  expect(await service.end()).toBe(0);
  return world;
}

let world: World;

beforeAll(async () => {
  const [shared, end] = await World.shared({ partitions: 2, settings: { OUTCOMES_TOPIC: 'doctor-outcomes' } });
  world = await prepare(shared);
  return end;
});

test('where everything is as it should be, each check says so, and nothing is changed or sent', async () => {
  const topics = async () => (await world.admin.listTopics()).filter((topic) => topic.startsWith(world.source)).sort();
  const before = await topics();
  const { code, checks } = await doctor(world);
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(code).toBe(0);
  const names = checks.map(({ name }) => name);
  for (const name of ['time limits', 'brokers', 'session timeout', 'rights', 'start', 'registry', 'schema', 'clock']) {
    expect(names).toContain(name);
  }
  for (const suffix of ['', '.retry.1s', '.retry.3s', '.dead-letter']) {
    expect(names).toContain(`topic ${world.source}${suffix}`);
  }
  expect(await topics()).toEqual(before);
  expect(world.simulator.requests()).toEqual([]);
});

test('for people each check is a line, and the last one counts', async () => {
  const { output, code } = await runCommand(['doctor'], { settings: world.settings });
  expect(code).toBe(0);
  const lines = output.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^ +check +finding$/);
  const column = lines[0]?.indexOf('finding') ?? 0;
  for (const line of lines.slice(1, -1)) expect(line.slice(column - 2, column + 1)).toMatch(/^ {2}\S$/);
  expect(lines.at(-1)).toBe(`${lines.length - 2} ok, 0 warn, 0 fail`);
});

test('members at work are known as our own, and are not disturbed', async () => {
  const service = await world.start();
  const { code, checks } = await doctor(world);
  expect(code).toBe(0);
  expect(checks).toContainEqual(
    expect.objectContaining({ name: `group ${world.group}`, finding: '1 members of this service, Stable' }),
  );
  expect(service.log.filter(({ event }) => event === 'left')).toEqual([]);
  expect(await service.end()).toBe(0);
});

/** As many at once as do not stand in each other's way. */
const WRONG: readonly (readonly [
  what: string,
  settings: Readonly<Record<string, string>>,
  lines: readonly RegExp[],
])[] = [
  [
    'what refuses',
    {
      KAFKA_BROKERS: '127.0.0.1:1',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:2',
      GATEWAY_URL: 'https://127.0.0.1:1',
    },
    [
      /^fail \| broker 127.0.0.1:1 \| cannot reach/,
      /^fail \| registry \| cannot reach/,
      /^fail \| gateway \| cannot reach: .*ECONNREFUSED/,
    ],
  ],
  [
    'what has no name',
    { KAFKA_BROKERS: 'b.invalid:1', GATEWAY_URL: 'https://g.invalid' },
    [/^fail \| broker b.invalid:1 \| cannot reach.*\| .*resolve/, /^fail \| gateway \| cannot reach: .*not resolve/],
  ],
  [
    'TLS where brokers do without, a path that is no registry, and a production id in the sandbox',
    {
      KAFKA_SSL: 'true',
      SCHEMA_REGISTRY_URL: `${inject('registryUrl')}/nowhere`,
      GATEWAY_URL: 'https://sandbox.invalid',
      GATEWAY_CLIENT_ID: 'P',
    },
    [/^fail \| broker .* \| wrong: .*KAFKA_SSL/, /^fail \| registry \| wrong: it answered 404/, /^fail \| client id/],
  ],
  [
    'a sandbox id in production, and a missing topic',
    { GATEWAY_URL: 'https://open-sea.alipayplus.com', RETRY_DELAYS: '1s,7s', CREATE_TOPICS: 'false' },
    [/^fail \| client id \| wrong: a sandbox/, /^fail \| topic \S+\.retry\.7s \| does not exist/],
  ],
  ['a source that is not there', { SOURCE_TOPIC: 'nowhere' }, [/^fail \| topic nowhere \| does not exist/]],
  [
    'what may be meant so: times that are short, another replication factor, a topic that run makes',
    { RETRY_MAX_AGE: '1s', SHUTDOWN_TIMEOUT: '3s', TOPIC_REPLICATION_FACTOR: '3', RETRY_DELAYS: '1s,7s' },
    [
      /^warn \| time limits \| RETRY_MAX_AGE 1s is shorter/,
      /^warn \| time limits \| SHUTDOWN_TIMEOUT 3s is shorter/,
      /^warn \| topic .* \| replication factor 1/,
      /^warn \| topic \S+\.retry\.7s \| does not exist yet/,
    ],
  ],
];

test.each(WRONG)('it is named: %s', async (_, settings, lines) => {
  const found = await doctor(world, settings);
  for (const line of lines) expect(complaints(found)).toContainEqual(expect.stringMatching(line));
  const isFailure = lines.some(({ source }) => source.startsWith('^fail'));
  expect(found.code).toBe(isFailure ? 3 : 0);
});

test('a CA that did not sign the certificate of the gateway, and one that is none', async () => {
  const stranger = await certificateAuthority('stranger');
  const files = temporaryFolder({ 'stranger.pem': stranger.cert, 'none.pem': 'not a certificate' });
  const wrong = await doctor(world, { GATEWAY_CA_FILE: `${files}/stranger.pem` });
  expect(complaints(wrong)).toEqual([
    expect.stringMatching(/^fail \| gateway \| wrong: .*prove who it is.*GATEWAY_CA_FILE/),
  ]);
  const none = await runCommand(['doctor'], {
    settings: { ...world.settings, GATEWAY_CA_FILE: `${files}/none.pem` },
  });
  expect(none.errors).toContain('GATEWAY_CA_FILE: names a file with no certificate');
  expect([wrong.code, none.code]).toEqual([3, 2]);
});

test('keys that cannot be used, and a pair that is ours on both sides', async () => {
  const broken = await doctor(world, { SIGNING_KEYS_DIR: temporaryFolder({ '1.pem': 'no key' }) });
  expect(complaints(broken)).toEqual([expect.stringMatching(/^fail \| keys \| wrong: .*1\.pem: holds no private key/)]);
  const own = await doctor(world, { GATEWAY_PUBLIC_KEYS_DIR: gatewayKeysFolder({ gw: rsaKeyPair().publicKey }) });
  expect(complaints(own)).toEqual([
    expect.stringMatching(/^fail \| gateway keys \| wrong: gw.pem is the public half of our/),
  ]);
  expect([broken.code, own.code]).toEqual([3, 3]);
});

test('settings that are wrong are told all at once, and nothing is looked at', async () => {
  const settings = { ...world.settings, GATEWAY_URL: 'gateway', RETRY_DELAYS: 'soon' };
  const { code, output, errors } = await runCommand(['doctor', '--json'], { settings });
  expect([code, output]).toEqual([2, '']);
  expect(errors).toMatch(/GATEWAY_URL/);
  expect(errors).toMatch(/RETRY_DELAYS/);
});

test('topics that do not fit are named, each by what is wrong with it', async () => {
  const own = await prepare(await World.create({ partitions: 1, topicConfig: { 'max.message.bytes': '2000000' } }));
  const set = (suffix: string, name: string, value: string): Promise<unknown> =>
    own.admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: own.topic(suffix),
          configEntries: [{ name, value }],
        },
      ],
    });
  await set('retry.1s', 'cleanup.policy', 'compact');
  await set('retry.3s', 'retention.ms', '2000');
  await set('dead-letter', 'max.message.bytes', '1000000');
  await own.admin.createPartitions({ topicPartitions: [{ topic: own.source, count: 2 }] });
  const found = await doctor(own, { CREATE_TOPICS: 'false' });
  expect(found.code).toBe(3);
  const expected = [
    /^fail \| topic \S+\.retry\.1s \| cleanup\.policy compact/,
    /^fail \| topic \S+\.retry\.3s \| retention 2s is shorter than the longest delay, 3s/,
    /^fail \| topic \S+\.dead-letter \| max\.message\.bytes 1000000, and \S+ takes 2000000/,
    /^fail \| topic \S+\.retry\.1s \| 1 partitions, and \S+ has 2/,
  ];
  for (const line of expected) expect(complaints(found)).toContainEqual(expect.stringMatching(line));
});

test('a schema that our decoder cannot read, and a subject without any', async () => {
  const own = await World.create({ partitions: 1 });
  expect(complaints(await doctor(own))).toContainEqual(expect.stringMatching(/^warn \| schema \| .*no subject/));
  const schema = JSON.stringify({ type: 'record', name: 'PaymentFinal', fields: [{ name: 'id', type: 'string' }] });
  const answer = await fetch(`${inject('registryUrl')}/subjects/${own.source}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  });
  expect(answer.status).toBe(200);
  const found = await doctor(own);
  expect(complaints(found)).toContainEqual(expect.stringMatching(/^fail \| schema \| wrong: .*has no field paymentId/));
  expect(found.code).toBe(3);
});

test.each(['classic', 'consumer'] as const)('a group that something else uses: %s', async (protocol) => {
  const own = await World.create({ partitions: 1 });
  await own.write(0, ['P-1']);
  const foreigner = await foreignConsumer(own, protocol);
  await until('the foreigner to read', () => foreigner.said().includes('P-1'));
  const found = await doctor(own);
  expect(complaints(found)).toContainEqual(
    expect.stringMatching(/^fail \| group \S+ \| wrong: something else uses it/),
  );
  expect(found.code).toBe(3);
});

test('with everything out of reach it ends within 15 s, and within a second of a signal', async () => {
  let asked = 0;
  const silent = createServer(() => (asked += 1)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const settings = {
    ...world.settings,
    KAFKA_BROKERS: address,
    SCHEMA_REGISTRY_URL: `http://${address}`,
    GATEWAY_URL: `https://${address}`,
  };
  const run = await runCommand(['doctor', '--json'], { settings });
  expect(run.code).toBe(3);
  expect(run.tookMs).toBeLessThan(15_000);
  const { checks } = JSON.parse(run.output) as { checks: Check[] };
  const failed = checks.filter(({ status }) => status === 'fail').map(({ name }) => name);
  expect(failed).toEqual([`broker ${address}`, 'registry', 'gateway']);
  const before = asked;
  const { process: waiting, ended } = startCommand(['doctor'], settings);
  await until('it to ask', () => asked > before);
  const signalled = performance.now();
  waiting.kill('SIGINT');
  expect((await ended).code).toBe(130);
  expect(performance.now() - signalled).toBeLessThan(1_000 + MARGIN_MS);
});

test('the ACL that is missing has a name', async () => {
  const cluster: Cluster = await startCluster({
    registry: false,
    serverProperties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
    },
  });
  onTestFinished(() => cluster.stop());
  const own = await prepare(await World.create({ partitions: 1, bootstrapServers: cluster.bootstrapServers }));
  const { AclOperationTypes: Op, AclPermissionTypes: Permission, AclResourceTypes: Resource } = kafkajs;
  const rule = (
    resourceType: AclResourceTypes,
    resourceName: string,
    operation: AclOperationTypes,
    permissionType: AclPermissionTypes,
  ) => ({
    ...{ resourceType, resourceName, operation, permissionType },
    ...{ resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL, principal: 'User:ANONYMOUS', host: '*' },
  });
  const allBut = (resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes) => [
    rule(resourceType, resourceName, Op.ALL, Permission.ALLOW),
    rule(resourceType, resourceName, operation, Permission.DENY),
  ];
  await own.admin.createAcls({
    acl: [
      ...allBut(Resource.TOPIC, own.source, Op.READ),
      ...allBut(Resource.TOPIC, own.topic('retry.1s'), Op.WRITE),
      ...allBut(Resource.TOPIC, own.topic('retry.3s'), Op.DESCRIBE_CONFIGS),
      ...allBut(Resource.TOPIC, own.topic('dead-letter'), Op.DESCRIBE),
      ...allBut(Resource.GROUP, own.group, Op.READ),
      ...allBut(Resource.CLUSTER, 'kafka-cluster', Op.DESCRIBE_CONFIGS),
    ],
  });
  const found = await until('the broker to heed the ACLs', async () => {
    const seen = await doctor(own);
    return seen.code === 3 ? seen : undefined;
  });
  expect(
    complaints(found)
      .filter((line) => line.includes('not allowed'))
      .map((line) => line.split(' | ')[2])
      .sort(),
  ).toEqual(
    [
      'not asked: which session timeouts the brokers take (not allowed: DESCRIBE_CONFIGS on CLUSTER)',
      `not allowed: READ on TOPIC ${own.source}`,
      `not allowed: WRITE on TOPIC ${own.topic('retry.1s')}`,
      `not allowed: DESCRIBE_CONFIGS on TOPIC ${own.topic('retry.3s')}`,
      `not allowed: DESCRIBE on TOPIC ${own.topic('dead-letter')}`,
      `not allowed: READ on GROUP ${own.group}`,
    ].sort(),
  );
  expect(complaints(found).find((line) => line.includes('READ on GROUP'))).toMatch(
    /kafka-acls .*--operation READ --group/,
  );
});
