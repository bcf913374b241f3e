import { once } from 'node:events';
import { join } from 'node:path';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import {
  gatewayKeysFolder,
  pem,
  removeTemporaryFolders,
  rsaKeyPair,
  signingKeysFolder,
  temporaryFolder,
} from '../support/keys.ts';
import { makeTopics } from '../support/make-topics.ts';
import { keepLedger } from '../support/ledger.ts';
import { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OUTCOMES, World } from '../support/world.ts';

const SECRET = 'hunter2-do-not-print';
const { privateKey, publicKey } = rsaKeyPair();
const MISSING = join(temporaryFolder(), 'missing');

/** Settings that are all right, for brokers that nobody asks. */
const GOOD = {
  KAFKA_BROKERS: '127.0.0.1:1',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
  GATEWAY_URL: 'https://gateway.example',
  GATEWAY_CLIENT_ID: 'SANDBOX_TEST',
  SIGNING_KEYS_DIR: signingKeysFolder({ 1: privateKey }),
  GATEWAY_PUBLIC_KEYS_DIR: gatewayKeysFolder({ gateway: publicKey }),
};

interface BadSettings {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  /** How each line begins, and a word of its remedy. */
  readonly says: readonly (readonly [beginning: string, remedy: string])[];
}

const BAD: BadSettings[] = [
  {
    name: 'nothing is set',
    settings: Object.fromEntries(Object.keys(GOOD).map((name) => [name, ''])),
    says: Object.keys(GOOD).map((name) => [`${name} is required`, 'set it to'] as const),
  },
  {
    name: 'plain http to a gateway elsewhere',
    settings: { GATEWAY_URL: 'http://gateway.example' },
    says: [['GATEWAY_URL', 'use https']],
  },
  { name: 'a malformed URL', settings: { GATEWAY_URL: 'gateway' }, says: [['GATEWAY_URL', 'https://host:port/path']] },
  {
    name: 'an address with a password in it',
    settings: { SCHEMA_REGISTRY_URL: `http://user:${SECRET}@registry:8081` },
    says: [['SCHEMA_REGISTRY_URL', 'take them out']],
  },
  {
    name: 'much at once',
    settings: {
      KAFKA_BROKERS: 'broker',
      RETRY_DELAYS: '5s,soon',
      ORDERING: 'random',
      HTTP_PORT: '99999',
      GATEWAY_TIMEOUT: '40s',
      KAFKA_SASL_USERNAME: 'user',
      GATEWAY_AGENT_TOKEN_FILE: SECRET,
    },
    says: [
      ['KAFKA_BROKERS', 'host:port'],
      ['KAFKA_SASL_MECHANISM, KAFKA_SASL_PASSWORD_FILE', 'set all of them or none'],
      ['GATEWAY_AGENT_TOKEN_FILE', 'correct the path'],
      ['RETRY_DELAYS', 'write a number and a unit'],
      ['ORDERING', 'use partition or key'],
      ['HTTP_PORT', 'from 0 to 65535'],
      ['KAFKA_SESSION_TIMEOUT', 'lower GATEWAY_TIMEOUT'],
      ['SHUTDOWN_TIMEOUT', 'lower GATEWAY_TIMEOUT'],
    ],
  },
  {
    name: 'no key directories',
    settings: { SIGNING_KEYS_DIR: MISSING, GATEWAY_PUBLIC_KEYS_DIR: MISSING },
    says: [
      [MISSING, 'SIGNING_KEYS_DIR must name a readable directory'],
      [MISSING, 'GATEWAY_PUBLIC_KEYS_DIR must name a readable directory'],
    ],
  },
  ...badKeys(),
  {
    name: 'settings and keys alike',
    settings: { GATEWAY_URL: 'gateway', SIGNING_KEYS_DIR: MISSING },
    says: [
      ['GATEWAY_URL', 'https://host:port/path'],
      [MISSING, 'SIGNING_KEYS_DIR must name a readable directory'],
    ],
  },
];

function badKeys(): BadSettings[] {
  const secret = pem(privateKey);
  const folders: [name: string, files: Record<string, string>, file: string, remedy: string][] = [
    ['no key', {}, '', 'put <keyVersion>.pem there'],
    ['a public key for a private one', { '1.pem': pem(publicKey) }, '1.pem', 'put the private key of the pair here'],
    ['a key cut in half', { '1.pem': secret.slice(0, 800) }, '1.pem', 'put one here'],
    ['an active version that is not there', { '1.pem': secret, active: '2' }, 'active', 'write one of them'],
    ['a key in the place of its version', { '1.pem': secret, active: secret }, 'active', 'write one of them'],
  ];
  return folders.map(([name, files, file, remedy]) => {
    const folder = temporaryFolder(files);
    return { name, settings: { SIGNING_KEYS_DIR: folder }, says: [[join(folder, file), remedy]] };
  });
}

test.each(BAD)('$name: exit 2, a line for each problem', async ({ settings, says }) => {
  const service = await ServiceProcess.start({ ...GOOD, ...settings });
  expect(await service.exit()).toBe(2);
  const lines = service.errors.trimEnd().split('\n');
  expect(lines).toHaveLength(says.length);
  for (const [beginning, remedy] of says) {
    const line = lines.find((each) => each.startsWith(`payment-notifier: ${beginning}`) && each.includes(remedy));
    expect(line, `${beginning}: ${remedy}`).toBeDefined();
  }
  const all = service.errors + service.output;
  expect(all).not.toContain(SECRET);
  for (const line of pem(privateKey).split('\n').slice(1, -2)) expect(all).not.toContain(line);
});

test('a misspelt setting is warned of, and the service goes on', async () => {
  const service = await ServiceProcess.start({ ...GOOD, GATEWAY_TIMEOUTS: '3s', GATEWAY_AGENT_TOKEN: SECRET });
  await until('the probes', async () => (await service.get('/livez')).status === 200);
  expect(service.errors).toContain('GATEWAY_TIMEOUTS is not a setting; did you mean GATEWAY_TIMEOUT?');
  expect(service.errors).toContain('GATEWAY_AGENT_TOKEN is not a setting; did you mean GATEWAY_AGENT_TOKEN_FILE?');
  expect(service.errors).not.toContain(SECRET);
  expect(await service.end()).toBe(0);
});

test('brokers that are not there are waited for, and a signal ends the waiting', async () => {
  const service = await ServiceProcess.start(GOOD);
  await until('a word of it', () => service.log.some(({ msg }) => String(msg).includes('waiting for the brokers')));
  expect((await service.get('/livez')).status).toBe(200);
  expect((await service.get('/startupz')).status).toBe(200);
  expect(await readiness(service)).toMatchObject({ status: 503, brokers: false, group: false });
  const began = performance.now();
  expect(await service.end()).toBe(0);
  expect(performance.now() - began).toBeLessThan(3_000);
});

test('missing topics: exit 2, naming each', async () => {
  const world = await World.create({ settings: { CREATE_TOPICS: 'false', OUTCOMES_TOPIC: 'no-such-outcomes' } });
  await world.writeEverywhere(1);
  const service = await world.launch();
  expect(await service.exit()).toBe(2);
  const names = ['retry.1s', 'retry.3s', 'dead-letter'].map((suffix) => world.topic(suffix));
  const lines = service.errors.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  for (const name of [...names, 'no-such-outcomes']) {
    expect(lines.find((line) => line.includes(`the topic ${name} does not exist; make it`))).toContain(
      'CREATE_TOPICS=true',
    );
  }
  expect(await keepLedger(world)).toMatchObject({ lost: [], doubled: [], delivered: [] });
});

test('topics that lose what stands in them: exit 2, naming each with its setting, beside those that are missing', async () => {
  const world = await World.create({
    settings: { CREATE_TOPICS: 'false', RETRY_DELAYS: '1s,3s,10m', OUTCOMES_TOPIC: '' },
  });
  const lossy = {
    'retry.1s': ['cleanup.policy', 'compact'],
    'retry.3s': ['retention.ms', '600000'],
    'dead-letter': ['cleanup.policy', 'compact,delete'],
  };
  const topics = Object.entries(lossy).map(([suffix, [name = '', value = '']]) => ({
    topic: world.topic(suffix),
    numPartitions: world.partitions,
    configEntries: [{ name, value }],
  }));
  await makeTopics(world.admin, topics);
  const service = await world.launch();
  expect(await service.exit()).toBe(2);
  const lines = service.errors.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  for (const [suffix, [name = '']] of Object.entries(lossy)) {
    const line = lines.find((each) => each.startsWith(`payment-notifier: the topic ${world.topic(suffix)} `));
    expect(line).toContain(`set its ${name} to`);
  }
  expect(service.errors).toContain(`the topic ${world.topic('retry.10m')} does not exist`);
});

test('topics that cannot take the smallest letter or an outcome: exit 2, naming each, and nothing is sent', async () => {
  const world = await World.create({ partitions: 1 });
  await world.write(0, ['P-1']);
  const narrow = ['dead-letter', OUTCOMES].map((suffix) => world.topic(suffix));
  const configEntries = [{ name: 'max.message.bytes', value: '500' }];
  const topics = narrow.map((topic) => ({ topic, numPartitions: 1, configEntries }));
  await makeTopics(world.admin, topics);
  const service = await world.launch();
  expect(await service.exit()).toBe(2);
  expect(service.errors.trimEnd().split('\n')).toEqual(
    narrow.map((topic) => {
      const problem = `the topic ${topic} takes records of 500 bytes only: set its max.message.bytes to`;
      return expect.stringContaining(problem) as string;
    }),
  );
  expect(world.simulator.requests()).toEqual([]);
});

test('more replicas than brokers: exit 2, naming each topic and the setting', async () => {
  const world = await World.create({ settings: { TOPIC_REPLICATION_FACTOR: '9' } });
  const service = await world.launch();
  expect(await service.exit()).toBe(2);
  const lines = service.errors.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line).toMatch(/cannot be made .*: set TOPIC_REPLICATION_FACTOR to no more/);
});

test('a missing source: exit 2, and nothing is made', async () => {
  const world = await World.create();
  const service = await world.launch({ SOURCE_TOPIC: `${world.source}-misspelt` });
  expect(await service.exit()).toBe(2);
  expect(service.errors).toBe(
    `payment-notifier: SOURCE_TOPIC: the topic ${world.source}-misspelt does not exist; make it, or name the right one\n`,
  );
  expect((await world.admin.listTopics()).filter((topic) => topic.startsWith(world.source))).toEqual([world.source]);
});

test('a group without offsets beside parked records: exit 2 with the remedy, nothing is sent', async () => {
  const world = await World.create({ partitions: 2, profile: { default: { code: 'UNKNOWN_EXCEPTION' } } });
  await world.write(0, ['P-1']);
  const service = await world.start({ RETRY_DELAYS: '1h' });
  await until('it to be parked', async () => (await world.committed()).get(0) === 1);
  await service.end();

  const expired = await world.launch({ RETRY_DELAYS: '1h', KAFKA_GROUP_ID: `${world.group}-expired` });
  expect(await expired.exit()).toBe(2);
  expect(expired.errors.trimEnd().split('\n')).toHaveLength(1);
  for (const word of [world.topic('retry.1h'), 'expired', 'kafka-consumer-groups', '--reset-offsets']) {
    expect(expired.errors).toContain(word);
  }
  expect(world.simulator.requests()).toHaveLength(1);
  expect(await keepLedger(world)).toMatchObject({ lost: [], doubled: [], parked: ['P-1'] });
});

test('too few partitions in a retry topic: the others flow, the unserved one is named and starts when it can', async () => {
  const world = await World.create({ partitions: 3, settings: { CREATE_TOPICS: 'false' } });
  const topics = ['retry.1s', 'retry.3s', 'dead-letter', OUTCOMES].map((suffix) => ({
    topic: world.topic(suffix),
    numPartitions: suffix === 'retry.3s' ? 2 : 3,
  }));
  await makeTopics(world.admin, topics);
  await world.writeEverywhere(5);
  const service = await world.start();
  await until('the others to be delivered', () => world.simulator.requests().length === 10);
  await until('their commit', async () => [...(await world.committed()).values()].join() === '5,5,0');
  expect(await service.metric('notifier_unserved_partitions')).toBe(1);
  expect(service.log.find(({ event }) => event === 'unserved')).toMatchObject({ level: 'error', partitions: [2] });
  expect(service.output).toContain(world.topic('retry.3s'));

  await world.admin.createPartitions({ topicPartitions: [{ topic: world.topic('retry.3s'), count: 3 }] });
  await world.settled();
  expect(await service.metric('notifier_unserved_partitions')).toBe(0);
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toHaveLength(15);
});

test('START_FROM=latest leaves out what was there before, and nothing else', async () => {
  const world = await World.create({ partitions: 2, settings: { START_FROM: 'latest' } });
  await world.writeEverywhere(3, 'before');
  const first = await world.start();
  expect([...(await world.committed()).values()]).toEqual([3, 3]);
  await world.write(0, ['after-1']);
  await until('the first delivery', () => world.simulator.requests().length === 1);
  await first.end();

  await world.write(1, ['while-away']);
  await world.start();
  await world.settled();
  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ doubled: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.delivered).toEqual(['after-1', 'while-away']);
  expect(ledger.lost.every((name) => name.startsWith('before-'))).toBe(true);
});

test.each([
  ['GET', '/livez', 200],
  ['GET', '/readyz', 503],
  ['GET', '/startupz', 200],
  ['GET', '/metrics', 200],
  ['GET', '/', 404],
  ['GET', '/admin', 404],
  ['POST', '/', 404],
  ['POST', '/livez', 405],
  ['PUT', '/readyz', 405],
  ['DELETE', '/metrics', 405],
] as const)('%s %s → %i', async (method, path, status) => {
  const service = await waiting();
  expect((await service.get(path, method)).status).toBe(status);
});

test('a port that is taken: exit 1 or 2, naming the setting', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const service = await ServiceProcess.start({ ...GOOD, HTTP_PORT: String(port) });
  expect([1, 2]).toContain(await service.exit());
  expect(service.errors).toContain('set HTTP_PORT to a free port');
  taken.close();
});

let shared: Promise<ServiceProcess> | undefined;

/** One that waits for its brokers, shared by the tests that only ask it. */
function waiting(): Promise<ServiceProcess> {
  return (shared ??= ServiceProcess.start(GOOD).then(async (service) => {
    await until('the probes', async () => (await service.get('/livez')).status === 200);
    return service;
  }));
}

afterAll(async () => {
  await (await shared)?.end('SIGKILL');
  removeTemporaryFolders();
});

async function readiness(service: ServiceProcess): Promise<Record<string, unknown>> {
  const { status, body } = await service.get('/readyz');
  const { checks } = JSON.parse(body) as { checks: Record<string, { ok: boolean }> };
  return { status, ...Object.fromEntries(Object.entries(checks).map(([name, { ok }]) => [name, ok])) };
}
