import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs, { type Kafka } from 'kafkajs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startCluster, type Cluster } from '../../deploy/local/cluster.ts';
import { closingId } from '../../src/core/closing-transactions.ts';
import type { Manifest } from '../deploy/kubernetes/manifests.ts';
import type { KafkaAcl, KafkaUser } from '../deploy/kubernetes/kinds.ts';
import { runCommand } from '../support/command.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { makeTopics } from '../support/make-topics.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { parkByHand } from '../support/park-by-hand.ts';
import { readTopic } from '../support/topic-reader.ts';
import { until } from '../support/until.ts';
import { World, type WorldOptions } from '../support/world.ts';

const USERS = new URL('../../deploy/kubernetes/components/strimzi/users.yaml', import.meta.url);
const INSTRUCTIONS = new URL('../../deploy/README.md', import.meta.url);
const PASSWORD = 'broker-password-77d1';
const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';

/** One right: an operation on a resource, named as in the manifests. */
interface Right {
  readonly resource: KafkaAcl['resource'];
  readonly operation: KafkaAcl['operations'][number];
}

const rights = rightsOf('payment-notifier');

/** What the service says without a right, by the right, as the instructions have it. */
const said = new Map(
  [
    ...readFileSync(INSTRUCTIONS, 'utf8').matchAll(
      /^\| (\w+ on (?:group|topic|transactionalId) \S+)\s+\| `(.+)`\s+\|$/gm,
    ),
  ].map(([, right = '', words = '']) => [right, words] as const),
);

let cluster: Cluster;
let files: string;

beforeAll(async () => {
  // The users of the manifests, and one for each right that the service lacks.
  const names = ['payment-notifier', 'payment-notifier-keda', 'payment-notifier-operator', ...rights.map(lacking)];
  const users = names.map((name) => `user_${name}="${PASSWORD}"`).join(' ');
  cluster = await startCluster({
    registry: false,
    serverProperties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The brokers among themselves, and the tests, by the plain listener.
      'super.users': 'User:ANONYMOUS',
    },
    listeners: {
      SASL: {
        protocol: 'SASL_PLAINTEXT',
        properties: { 'sasl.enabled.mechanisms': 'PLAIN', 'plain.sasl.jaas.config': `${PLAIN} required ${users};` },
      },
    },
  });
  files = temporaryFolder({
    password: PASSWORD,
    'operator.properties':
      'security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n' +
      `sasl.jaas.config=${PLAIN} required username="payment-notifier-operator" password="${PASSWORD}";\n`,
  });
  return async () => {
    await cluster.stop();
    removeTemporaryFolders([files]);
  };
});

test('with its rights the service delivers, parks, dead-letters and writes outcomes', async () => {
  const world = await worldFor('payment-notifier', rights);
  await world.write(0, ['good-1', 'unknown-1', 'refused-1']);
  const service = await world.start();
  const { delivered, deadLettered } = await expectAccounted(world);
  expect([delivered.length, deadLettered.length]).toEqual([2, 1]);
  const outcomes = await readTopic(world.kafka, outcomesOf(world));
  expect(outcomes.map(({ key }) => String(key)).sort()).toEqual(['good-1', 'refused-1', 'unknown-1']);
  await leaveRedriveOpen(world);
  await until('what a redrive left open to be ended', () =>
    service.log.some(({ event, result }) => event === 'redrive_left_open' && result === 'ended'),
  );
  expect(await service.end()).toBe(0);
  const doctor = await runCommand(['doctor', '--json'], { settings: world.settings });
  const { checks } = JSON.parse(doctor.output) as { checks: { name: string; status: string }[] };
  expect(checks.filter(({ name }) => name === 'rights').map(({ status }) => status)).toEqual(['ok']);

  await grant(world, 'payment-notifier-keda', rightsOf('payment-notifier-keda'));
  const keda = clientOf('payment-notifier-keda').admin();
  await keda.connect();
  const [offsets] = await keda.fetchOffsets({ groupId: world.group, topics: [world.source] });
  expect(offsets?.partitions).toEqual([expect.objectContaining({ partition: 0, offset: '3' })]);
  expect(await keda.fetchTopicOffsets(world.source)).toEqual([expect.objectContaining({ high: '3' })]);
  await keda.disconnect();

  await grant(world, 'payment-notifier-operator', rightsOf('payment-notifier-operator'));
  const range = ['--partition', '0', '--from-offset', '0', '--to-offset', '2'];
  const again = await runCommand(['replay', 'run', ...range, '--skip-delivered', '--yes', '--json'], {
    settings: { ...world.settings, KAFKA_SASL_USERNAME: 'payment-notifier-operator' },
  });
  expect([again.code, again.errors]).toEqual([0, expect.not.stringContaining('uthoriz')]);
  expect(JSON.parse(again.output)).toMatchObject({ sent: 0, skipped: 2, complete: true });
  const letters = await runCommand(['dead-letters', 'redrive', '--yes', '--json'], {
    settings: { ...world.settings, KAFKA_SASL_USERNAME: 'payment-notifier-operator' },
  });
  expect([letters.code, JSON.parse(letters.output)]).toEqual([0, expect.objectContaining({ planned: 1, sent: 1 })]);
  const reset = ['--reset-offsets', '--group', world.group, '--topic', world.source, '--to-earliest', '--execute'];
  const { code, stderr } = await cluster.kafkaTool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
    ...['--bootstrap-server', listener(), '--command-config', join(files, 'operator.properties')],
    ...reset,
  ]);
  expect([code, stderr]).toEqual([0, '']);
  expect(await world.committed()).toEqual(new Map([[0, 0]]));
  const producer = clientOf('payment-notifier-operator').producer();
  await producer.connect();
  await producer.send({ topic: world.source, messages: [{ value: null }] }).finally(() => producer.disconnect());
});

describe('without one of its rights the service says what the instructions say', () => {
  let services: ReadonlyMap<string, { readonly world: World; readonly service: ServiceProcess }>;

  beforeAll(async () => {
    const ends: (() => Promise<void>)[] = [];
    const worlds: [string, World][] = [];
    // One after the other, since their gateways share a folder.
    for (const missing of rights) {
      const granted = rights.filter((right) => right !== missing);
      const world = await worldFor(lacking(missing), granted, (end) => ends.push(end));
      await world.write(0, ['good-1', 'unknown-1', 'refused-1']);
      worlds.push([nameOf(missing), world]);
    }
    services = new Map(
      await Promise.all(worlds.map(async ([name, world]) => [name, { world, service: await world.launch() }] as const)),
    );
    return async () => {
      await Promise.all(ends.map((end) => end()));
    };
  });

  test.each(rights.map(nameOf))('%s', async (right) => {
    const { world, service } = services.get(right) ?? {};
    if (world === undefined || service === undefined) throw new Error('it was not started');
    const words = said.get(right)?.replaceAll(/payment-(final|outcomes)/g, (name) => ownName(world, name));
    if (words === undefined) throw new Error(`deploy/README.md does not say what happens without ${right}`);
    if (right.includes('transactionalId')) {
      await service.ready();
      const doctor = await runCommand(['doctor'], { settings: world.settings });
      expect(doctor.output).toContain(`not allowed: WRITE on TRANSACTIONAL_ID ${closingId(world.group)}`);
      await leaveRedriveOpen(world);
    }
    await until(`it to say "${words}"`, () => (service.errors + service.output).includes(words));
  });

  test('the instructions have no others', () => {
    expect([...said.keys()].sort()).toEqual(rights.map(nameOf).sort());
  });
});

/** A world whose service is a user with these rights and no others; its topics are there. */
async function worldFor(
  user: string,
  granted: readonly Right[],
  onEnd: NonNullable<WorldOptions['onEnd']> = onTestFinished,
): Promise<World> {
  const world = await World.create({
    partitions: 1,
    onEnd,
    bootstrapServers: cluster.bootstrapServers,
    profile: {
      rules: [
        { when: { paymentId: 'unknown-*', attempt: 1 }, answer: { result: 'U' } },
        { when: { paymentId: 'refused-*' }, answer: { result: 'F', code: 'PARAM_ILLEGAL' } },
      ],
    },
    settings: {
      KAFKA_BROKERS: listener(),
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: user,
      KAFKA_SASL_PASSWORD_FILE: join(files, 'password'),
      CREATE_TOPICS: 'false',
    },
  });
  const outcomes = outcomesOf(world);
  Object.assign(world.settings, { OUTCOMES_TOPIC: outcomes });
  const topics = [...['retry.1s', 'retry.3s', 'dead-letter'].map((suffix) => world.topic(suffix)), outcomes];
  const configEntries = [{ name: 'max.message.bytes', value: '1114124' }];
  await makeTopics(
    world.admin,
    topics.map((topic) => ({ topic, numPartitions: 1, configEntries })),
  );
  await grant(world, user, granted);
  return world;
}

/** As a redrive that is killed within a transaction. */
async function leaveRedriveOpen(world: World): Promise<void> {
  const producer = world.kafka.producer({
    ...{
      transactionalId: closingId(world.group),
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: 900_000,
    },
  });
  await producer.connect();
  const copy = {
    tier: '1s',
    origin: 0,
    paymentId: 'redriven-1',
    attempts: 0,
    hops: 0,
    dueInMs: 0,
    redriveId: 'killed',
  };
  await parkByHand(world, copy, await producer.transaction());
  await producer.disconnect();
}

async function grant(world: World, user: string, granted: readonly Right[]): Promise<void> {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  await world.admin.createAcls({
    acl: granted.map(({ resource, operation }) => ({
      resourceType: {
        topic: AclResourceTypes.TOPIC,
        group: AclResourceTypes.GROUP,
        transactionalId: AclResourceTypes.TRANSACTIONAL_ID,
      }[resource.type],
      resourceName: ownName(world, resource.name),
      resourcePatternType: {
        literal: ResourcePatternTypes.LITERAL,
        prefix: ResourcePatternTypes.PREFIXED,
      }[resource.patternType],
      principal: `User:${user}`,
      host: '*',
      operation: {
        Read: AclOperationTypes.READ,
        Write: AclOperationTypes.WRITE,
        Describe: AclOperationTypes.DESCRIBE,
        DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
      }[operation],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  });
}

/** Where brokers ask who somebody is. */
function listener(): string {
  return cluster.brokers[0]?.listeners['SASL'] ?? '';
}

function clientOf(username: string): Kafka {
  return new kafkajs.Kafka({
    brokers: [listener()],
    sasl: { mechanism: 'plain', username, password: PASSWORD },
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

function outcomesOf(world: World): string {
  return `${world.source}-outcomes`;
}

/** The name of a world's own topic or group for one of the manifests. */
function ownName(world: World, name: string): string {
  if (name === 'payment-outcomes') return outcomesOf(world);
  return name.replace('payment-final', world.source).replace('payment-notifier', world.group);
}

function rightsOf(user: string): Right[] {
  const users = parseAllDocuments(readFileSync(USERS, 'utf8')).map(
    (document) => document.toJS() as Manifest & KafkaUser,
  );
  const { acls = [] } = users.find(({ metadata }) => metadata.name === user)?.spec.authorization ?? {};
  return acls.flatMap(({ resource, operations }) => operations.map((operation) => ({ resource, operation })));
}

function nameOf({ resource, operation }: Right): string {
  return `${operation} on ${resource.type} ${resource.name}`;
}

/** The user that has every right of the service but this one. */
function lacking(right: Right): string {
  return `without${String(rights.indexOf(right))}`;
}
