import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '../../deploy/local/cluster.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import {
  certificateAuthority,
  certificateFor,
  removeTemporaryFolders,
  temporaryFolder,
  type Certificate,
} from '../support/keys.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const PASSWORD = 'broker-password-4c6e';
const WRONG_PASSWORD = 'broker-password-9d02';
const YESTERDAY = new Date(Date.now() - 86_400_000);
const LOGIN = 'org.apache.kafka.common.security';

/** Containers often lack it. */
const HAS_IPV6 = Object.values(networkInterfaces()).some((all = []) => all.some(({ address }) => address === '::1'));

let cluster: Cluster;
let world: World;
let endWorld: () => Promise<void>;
let files: string;
let client: Certificate;

beforeAll(async () => {
  const [authority, stranger] = await Promise.all([certificateAuthority('ours'), certificateAuthority('stranger')]);
  const here = ['127.0.0.1'];
  const [good, expired, elsewhere, alone] = await Promise.all([
    certificateFor(here, authority),
    certificateFor(here, authority, YESTERDAY),
    certificateFor(['elsewhere.example'], authority),
    certificateFor(here),
  ]);
  client = await certificateFor(['payment-notifier'], authority);
  const keyStore = ({ key, cert }: Certificate) => ({
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': key,
    'ssl.keystore.certificate.chain': cert,
  });
  const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': authority.cert };
  cluster = await startCluster({
    registry: false,
    listeners: {
      TLS: { protocol: 'SSL', properties: keyStore(good) },
      MUTUAL: { protocol: 'SSL', properties: { ...keyStore(good), ...trust, 'ssl.client.auth': 'required' } },
      EXPIRED: { protocol: 'SSL', properties: keyStore(expired) },
      ELSEWHERE: { protocol: 'SSL', properties: keyStore(elsewhere) },
      ALONE: { protocol: 'SSL', properties: keyStore(alone) },
      ...(HAS_IPV6 ? { IPV6: { host: '[::1]', protocol: 'PLAINTEXT', properties: {} } as const } : {}),
      SASL: {
        protocol: 'SASL_SSL',
        properties: {
          ...keyStore(good),
          'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
          'plain.sasl.jaas.config': `${LOGIN}.plain.PlainLoginModule required user_notifier="${PASSWORD}";`,
          'scram-sha-256.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
          'scram-sha-512.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
        },
      },
    },
  });
  files = temporaryFolder({
    'ca.pem': authority.cert,
    'stranger.pem': stranger.cert,
    'client.pem': client.cert,
    'client-key.pem': client.key,
    password: `${PASSWORD}\n`,
    'wrong-password': `${WRONG_PASSWORD}\n`,
  });
  [[world, endWorld]] = await Promise.all([
    World.shared({ partitions: 2, bootstrapServers: cluster.bootstrapServers }),
    letIn('SCRAM-SHA-256'),
    letIn('SCRAM-SHA-512'),
  ]);
  return async () => {
    await endWorld();
    await cluster.stop();
    removeTemporaryFolders([files]);
  };
});

/** Gives the user `notifier` its password for a SCRAM mechanism. */
async function letIn(mechanism: string): Promise<void> {
  const user = ['--entity-type', 'users', '--entity-name', 'notifier'];
  const password = ['--add-config', `${mechanism}=[password=${PASSWORD}]`];
  const where = ['--bootstrap-server', cluster.bootstrapServers];
  const { code, stderr } = await cluster.kafkaTool('kafka.admin.ConfigCommand', [
    ...where,
    '--alter',
    ...user,
    ...password,
  ]);
  expect([code, stderr]).toEqual([0, '']);
}

/** Settings for a listener; a setting named `…_FILE` is a file of this test. */
function through(listener: string, settings: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inFiles = Object.entries(settings).map(([name, value]) => [
    name,
    name.endsWith('_FILE') ? join(files, value) : value,
  ]);
  return {
    KAFKA_BROKERS: cluster.brokers[0]?.listeners[listener] ?? cluster.bootstrapServers,
    ...(Object.fromEntries(inFiles) as Record<string, string>),
  };
}

const TLS = { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: 'ca.pem' };
const CLIENT = { KAFKA_SSL_CERT_FILE: 'client.pem', KAFKA_SSL_KEY_FILE: 'client-key.pem' };
const sasl = (mechanism: string, password = 'password', user = 'notifier') => ({
  ...TLS,
  KAFKA_SASL_MECHANISM: mechanism,
  KAFKA_SASL_USERNAME: user,
  KAFKA_SASL_PASSWORD_FILE: password,
});

test.each([
  ['TLS with a private authority', 'TLS', TLS],
  ['TLS with a client certificate', 'MUTUAL', { ...TLS, ...CLIENT }],
  ['PLAIN', 'SASL', sasl('plain')],
  ['SCRAM-SHA-256', 'SASL', sasl('scram-sha-256')],
  ['SCRAM-SHA-512', 'SASL', sasl('scram-sha-512')],
  ...(HAS_IPV6 ? ([['an IPv6 address', 'IPV6', {}]] as const) : []),
] as const)('%s works', async (name, listener, settings) => {
  const before = world.written.length;
  await world.writeEverywhere(2, name.replaceAll(/[ -]/g, ''));
  const service = await world.start({ ...through(listener, settings), LOG_LEVEL: 'trace' });
  const { delivered, repeats } = await expectAccounted(world);
  expect([delivered.length, repeats]).toEqual([before + 4, 0]);
  expect(await service.end()).toBe(0);
  expectNoSecret(service);
});

test.concurrent.each([
  ['no client certificate', 'MUTUAL', TLS, /certificate/, /KAFKA_SSL_CERT_FILE/],
  ['an unknown authority', 'TLS', { ...TLS, KAFKA_SSL_CA_FILE: 'stranger.pem' }, /certificate/, /KAFKA_SSL_CA_FILE/],
  ['no private authority', 'TLS', { KAFKA_SSL: 'true' }, /certificate/, /KAFKA_SSL_CA_FILE/],
  ['a certificate that has expired', 'EXPIRED', TLS, /expired/, /broker's certificate/],
  ['a certificate signed by itself', 'ALONE', TLS, /self-signed|certificate/, /KAFKA_SSL_CA_FILE/],
  ['a certificate for another host', 'ELSEWHERE', TLS, /altnames|IP/, /KAFKA_BROKERS/],
  ['TLS where brokers do without', 'PLAINTEXT', TLS, /./, /KAFKA_SSL/],
  ['no TLS where brokers ask for it', 'TLS', {}, /./, /KAFKA_SSL/],
  ['no user where brokers ask for one', 'SASL', TLS, /./, /KAFKA_SASL/],
  ['a wrong password, PLAIN', 'SASL', sasl('plain', 'wrong-password'), /[Aa]uthentication/, /KAFKA_SASL/],
  ['a wrong password, SCRAM', 'SASL', sasl('scram-sha-512', 'wrong-password'), /[Aa]uthentication/, /KAFKA_SASL/],
  ['an unknown user', 'SASL', sasl('scram-sha-256', 'password', 'nobody'), /[Aa]uthentication/, /KAFKA_SASL/],
] as const)('%s: it waits, says why and what to do, and tells nothing', async (...row) => {
  const [, listener, settings, cause, remedy] = row;
  const service = await world.launch({ ...through(listener, settings), LOG_LEVEL: 'trace' });
  const line = await until('a word of it', () => service.log.find(({ msg }) => msg === 'waiting for the brokers'));
  expect(line).toMatchObject({ level: 'warn', error: { message: expect.stringMatching(cause) as string } });
  expect(line).toMatchObject({ remedy: expect.stringMatching(remedy) as string });
  expect((await service.get('/readyz')).status).toBe(503);
  expect((await service.get('/livez')).status).toBe(200);
  expect(await service.end()).toBe(0);
  expectNoSecret(service);
});

function expectNoSecret({ output, errors }: ServiceProcess): void {
  const told = output + errors;
  const keyLines = client.key.trim().split('\n').slice(1, -1);
  const login = [PASSWORD, WRONG_PASSWORD].flatMap((password) => [
    password,
    btoa(password),
    btoa(`\0notifier\0${password}`),
  ]);
  for (const secret of ['PRIVATE KEY', ...keyLines, ...login]) expect(told).not.toContain(secret);
}
