import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expired } from '../../../src/settings/certificates.ts';
import { loadConfig, loadSections } from '../../../src/settings/load.ts';
import { Misconfigured } from '../../../src/core/misconfigured.ts';
import { SECTIONS, SETTINGS } from '../../../src/settings/table.ts';
import { certificateAuthority, certificateFor } from '../../support/keys.ts';

const MARKER = 'hunter2-marker';
const REQUIRED = {
  KAFKA_BROKERS: 'localhost:9092',
  SCHEMA_REGISTRY_URL: 'http://localhost:8081',
  GATEWAY_URL: 'https://gateway.example',
  GATEWAY_CLIENT_ID: 'SANDBOX_5Y1',
  SIGNING_KEYS_DIR: '/keys/signing',
  GATEWAY_PUBLIC_KEYS_DIR: '/keys/gateway',
};

const authority = await certificateAuthority('authority');
const client = await certificateFor(['notifier'], authority);

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function fileWith(name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function load(env: NodeJS.ProcessEnv = {}) {
  return loadConfig({ ...REQUIRED, ...env });
}

function problems(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof Misconfigured) return error.problems;
    throw error;
  }
  return [];
}

function problem(env: NodeJS.ProcessEnv): string {
  const found = problems({ ...REQUIRED, ...env });
  expect(found).toHaveLength(1);
  expect(found[0]).not.toContain('\n');
  return found[0] ?? '';
}

describe('defaults', () => {
  test("are the contract's", () => {
    const texts = Object.entries(SETTINGS).map(([name, { absent }]) => [
      name,
      absent.kind === 'default' ? absent.text : absent.kind,
    ]);
    expect(Object.fromEntries(texts)).toEqual({
      KAFKA_BROKERS: 'required',
      KAFKA_GROUP_ID: 'payment-notifier',
      KAFKA_CLIENT_ID: 'payment-notifier',
      KAFKA_SESSION_TIMEOUT: '30s',
      KAFKA_SSL: 'false',
      KAFKA_SSL_CA_FILE: 'unset',
      KAFKA_SSL_CERT_FILE: 'unset',
      KAFKA_SSL_KEY_FILE: 'unset',
      KAFKA_SASL_MECHANISM: 'unset',
      KAFKA_SASL_USERNAME: 'unset',
      KAFKA_SASL_PASSWORD_FILE: 'unset',
      SOURCE_TOPIC: 'payment-final',
      START_FROM: 'earliest',
      STATUS_URL: 'unset',
      CREATE_TOPICS: 'false',
      TOPIC_REPLICATION_FACTOR: '3',
      SCHEMA_REGISTRY_URL: 'required',
      SCHEMA_REGISTRY_USERNAME: 'unset',
      SCHEMA_REGISTRY_PASSWORD_FILE: 'unset',
      GATEWAY_URL: 'required',
      GATEWAY_CLIENT_ID: 'required',
      GATEWAY_AGENT_TOKEN_FILE: 'unset',
      GATEWAY_CA_FILE: 'unset',
      GATEWAY_TIMEOUT: '5s',
      GATEWAY_MAX_IN_FLIGHT: '64',
      GATEWAY_MAX_RATE: '0',
      SIGNING_KEYS_DIR: 'required',
      GATEWAY_PUBLIC_KEYS_DIR: 'required',
      RETRY_DELAYS: '5s,30s,2m,10m,1h',
      RETRY_MAX_AGE: '24h',
      OUTAGE_HOLD_AFTER: '20',
      HOLD_CODES: 'unset',
      TERMINAL_CODES: 'unset',
      ORDERING: 'partition',
      KEY_CONCURRENCY: '16',
      OUTCOMES_TOPIC: 'unset',
      REPLAY_BEFORE: 'unset',
      PAYMENT_TIME_OFFSET: '+00:00',
      HTTP_HOST: '0.0.0.0',
      HTTP_PORT: '9464',
      METRICS_EXEMPLARS: 'false',
      LOG_LEVEL: 'info',
      SHUTDOWN_TIMEOUT: '25s',
      REVISION: 'unknown',
    });
  });

  test('and what is required make a configuration; optional parts are absent, not undefined', () => {
    const config = load();
    expect(config).toStrictEqual({
      kafka: {
        client: { brokers: ['localhost:9092'], clientId: 'payment-notifier', ssl: false },
        group: { groupId: 'payment-notifier', sessionTimeoutMs: 30_000 },
      },
      source: { topic: 'payment-final', startFrom: 'earliest', createTopics: false, replicationFactor: 3 },
      registry: { url: 'http://localhost:8081' },
      gateway: {
        url: new URL('https://gateway.example'),
        clientId: 'SANDBOX_5Y1',
        timeoutMs: 5_000,
      },
      limits: { maxInFlight: 64, maxRate: 0 },
      keys: { signingDir: '/keys/signing', gatewayDir: '/keys/gateway' },
      retry: {
        tiers: [
          { name: '5s', delayMs: 5_000 },
          { name: '30s', delayMs: 30_000 },
          { name: '2m', delayMs: 120_000 },
          { name: '10m', delayMs: 600_000 },
          { name: '1h', delayMs: 3_600_000 },
        ],
        maxAgeMs: 86_400_000,
      },
      hold: { outageHoldAfter: 20, systemic: config.hold.systemic },
      ordering: { concurrency: 1 },
      outcomes: {},
      replays: {},
      notification: { timeOffset: '+00:00' },
      http: { host: '0.0.0.0', port: 9464, statusUrl: 'http://127.0.0.1:9464' },
      metrics: { exemplars: false },
      log: { level: 'info' },
      lifecycle: { shutdownTimeoutMs: 25_000 },
      build: { revision: 'unknown' },
    });
    expect(config.hold.systemic).toContain('KEY_NOT_FOUND');
  });

  test('hold for an empty string too', () => {
    const empty = Object.fromEntries(
      Object.keys(SETTINGS)
        .filter((name) => !(name in REQUIRED))
        .map((name) => [name, '']),
    );
    expect(load(empty)).toStrictEqual(load());
  });
});

describe('what can be set', () => {
  test('TLS and SASL by files, without the line ends behind a secret', () => {
    const { kafka } = load({
      KAFKA_SSL: 'true',
      KAFKA_SSL_CA_FILE: fileWith('ca.pem', authority.cert),
      KAFKA_SSL_CERT_FILE: fileWith('cert.pem', client.cert),
      KAFKA_SSL_KEY_FILE: fileWith('key.pem', client.key),
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'notifier',
      KAFKA_SASL_PASSWORD_FILE: fileWith('password', `${MARKER}\r\n`),
    });
    expect(kafka.client.ssl).toEqual({
      ca: Buffer.from(authority.cert),
      cert: Buffer.from(client.cert),
      key: Buffer.from(client.key),
    });
    expect(kafka.client.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'notifier', password: MARKER });
    expect(load({ KAFKA_SSL: 'true' }).kafka.client.ssl).toEqual({});
  });

  test('the registry with a path and a password, the gateway with a token, a CA and a prefix', () => {
    const { registry, gateway } = load({
      SCHEMA_REGISTRY_URL: 'https://registry.example/confluent/v1/',
      SCHEMA_REGISTRY_USERNAME: 'reader',
      SCHEMA_REGISTRY_PASSWORD_FILE: fileWith('registry', 'open sesame\n'),
      GATEWAY_URL: 'https://gateway.example/prefix',
      GATEWAY_AGENT_TOKEN_FILE: fileWith('token', 'token\n'),
      GATEWAY_CA_FILE: fileWith('gateway-ca.pem', `\uFEFF${authority.cert}`),
    });
    expect(registry).toEqual({
      url: 'https://registry.example/confluent/v1',
      username: 'reader',
      password: 'open sesame',
    });
    expect(gateway.url.href).toBe('https://gateway.example/prefix');
    expect(gateway).toMatchObject({ agentToken: 'token', ca: Buffer.from(authority.cert) });
  });

  test.each(['http://localhost:1', 'http://127.0.0.1:1', 'http://127.8.9.10', 'http://[::1]:1/x'])(
    'a gateway over plain http at %s',
    (url) => expect(load({ GATEWAY_URL: url }).gateway.url.href).toBe(new URL(url).href),
  );

  test('result codes move between the kinds of F', () => {
    const { systemic } = load({ HOLD_CODES: 'PARAM_ILLEGAL, NEW_CODE', TERMINAL_CODES: 'ACCESS_DENIED' }).hold;
    expect([...systemic]).toEqual(expect.arrayContaining(['PARAM_ILLEGAL', 'NEW_CODE', 'KEY_NOT_FOUND']));
    expect(systemic).not.toContain('ACCESS_DENIED');
  });

  test('delays in any order, a time in any zone, several brokers', () => {
    const config = load({
      RETRY_DELAYS: '1m, 250ms',
      REPLAY_BEFORE: '2026-11-22T10:00:00+08:30',
      KAFKA_BROKERS: 'a:1, b.example:65535, [::1]:9092,[fd00::2]:1',
      PAYMENT_TIME_OFFSET: '-14:00',
      OUTCOMES_TOPIC: 'outcomes',
    });
    expect(config.retry.tiers).toEqual([
      { name: '1m', delayMs: 60_000 },
      { name: '250ms', delayMs: 250 },
    ]);
    expect(config.replays.replayBefore).toBe(Date.UTC(2026, 10, 22, 1, 30));
    expect(config.kafka.client.brokers).toEqual(['a:1', 'b.example:65535', '[::1]:9092', '[fd00::2]:1']);
    expect(config).toMatchObject({ notification: { timeOffset: '-14:00' }, outcomes: { topic: 'outcomes' } });
  });

  test('how many records of a partition are in flight: the concurrency counts only where keys have their own order', () => {
    expect(load({ KEY_CONCURRENCY: '4' }).ordering).toEqual({ concurrency: 1 });
    expect(load({ KEY_CONCURRENCY: '4', ORDERING: 'key' }).ordering).toEqual({ concurrency: 4 });
  });
});

describe('problems', () => {
  test('all come at once, each on a line that begins with the variable', () => {
    const found = problems({ GATEWAY_TIMEOUT: '5', HTTP_PORT: '70000', HOLD_CODES: 'A', TERMINAL_CODES: 'A' });
    expect(found.map((line) => line.split(/[ :]/, 1)[0])).toEqual([
      'KAFKA_BROKERS',
      'SCHEMA_REGISTRY_URL',
      'GATEWAY_URL',
      'GATEWAY_CLIENT_ID',
      'GATEWAY_TIMEOUT',
      'SIGNING_KEYS_DIR',
      'GATEWAY_PUBLIC_KEYS_DIR',
      'HTTP_PORT',
      'HOLD_CODES',
    ]);
  });

  test.each([
    ['KAFKA_BROKERS', '', 'is required and not set; set it to broker-1:9092,broker-2:9092'],
    ['KAFKA_BROKERS', 'a:1,b', '"b" is not host:port; write host:port,host:port without a scheme'],
    ['KAFKA_BROKERS', 'a:0', 'is not host:port'],
    ['KAFKA_BROKERS', 'a:65536', 'is not host:port'],
    ['KAFKA_BROKERS', 'SASL_SSL://a:1', 'is not host:port'],
    [
      'KAFKA_BROKERS',
      '::1:9092',
      'is not host:port; write host:port,host:port without a scheme, an IPv6 address as [::1]',
    ],
    ['KAFKA_BROKERS', '[a]:1', 'is not host:port'],
    ['KAFKA_BROKERS', '[::1]', 'is not host:port'],
    ['KAFKA_BROKERS', 'a:1,', '"" is not host:port'],
    ['KAFKA_GROUP_ID', 'a\tb', 'is not a name; use'],
    ['KAFKA_SESSION_TIMEOUT', '31m', 'is out of range; choose from 1s to 30m'],
    ['KAFKA_SESSION_TIMEOUT', '10s', 'make it more than GATEWAY_TIMEOUT + 5s = 10s, or lower GATEWAY_TIMEOUT'],
    ['KAFKA_SSL', 'yes', '"yes" is not known; use true or false'],
    ['GATEWAY_CA_FILE', '/no/such.pem', 'cannot be read ("/no/such.pem": ENOENT); mount it or correct the path'],
    ['SOURCE_TOPIC', 'a b', 'is not a topic name; use'],
    ['SOURCE_TOPIC', '..', 'is not a topic name; use'],
    ['SOURCE_TOPIC', 'a'.repeat(250), 'is not a topic name; use'],
    ['SOURCE_TOPIC', 'a'.repeat(240), 'names of more than 249 characters; shorten it by 3'],
    ['START_FROM', 'now', 'use earliest or latest'],
    ['CREATE_TOPICS', 'TRUE', 'use true or false'],
    ['TOPIC_REPLICATION_FACTOR', '0', 'is out of range; write a whole number from 1 to 100'],
    ['SCHEMA_REGISTRY_URL', 'localhost:8081', 'is not an http(s) address; write it in full'],
    ['SCHEMA_REGISTRY_URL', 'http://h/?a=b', 'carries a query or a fragment; end it after the path'],
    ['GATEWAY_URL', 'http://gateway.example', 'plain http to gateway.example; use https'],
    ['GATEWAY_URL', 'http://127.0.0.1.evil.example', 'use https'],
    ['GATEWAY_URL', 'https://h/?', 'carries a query'],
    ['GATEWAY_URL', 'https://h/#x', 'carries a query or a fragment; end it after the path'],
    ['GATEWAY_URL', 'ftp://h', 'is not an http(s) address'],
    ['GATEWAY_CLIENT_ID', 'a b', 'is not a client id; use'],
    ['GATEWAY_CLIENT_ID', 'a\r\nX: y', 'is not a client id; use'],
    ['GATEWAY_CLIENT_ID', 'ä', 'is not a client id; use'],
    ['GATEWAY_TIMEOUT', '5 sec', '"5 sec" is not a duration; write a number and a unit: 250ms, 5s, 2m, 1h'],
    ['GATEWAY_TIMEOUT', '0s', 'is out of range; choose from 10ms to 10m'],
    ['GATEWAY_MAX_IN_FLIGHT', '0', 'write a whole number from 1 to 10000'],
    ['GATEWAY_MAX_RATE', '1.5', '"1.5" is not a whole number; write'],
    ['GATEWAY_MAX_RATE', '1e3', 'is not a whole number'],
    ['OUTAGE_HOLD_AFTER', '-1', 'is not a whole number'],
    ['RETRY_DELAYS', '5s,', '"" is not a duration'],
    ['RETRY_DELAYS', '60s,1m', '"1m" is there twice; write each delay once'],
    ['RETRY_DELAYS', '0ms', 'choose from 1ms to 7d'],
    ['RETRY_DELAYS', '8d', 'choose from 1ms to 7d'],
    ['RETRY_MAX_AGE', '91d', 'choose from 1ms to 90d'],
    ['HOLD_CODES', 'key_not_found', 'is not a result code; write them as CODE_ONE,CODE_TWO'],
    ['ORDERING', 'none', 'use partition or key'],
    ['KEY_CONCURRENCY', '0', 'from 1 to 1000'],
    ['OUTCOMES_TOPIC', 'payment-final', 'name a topic of its own'],
    ['OUTCOMES_TOPIC', 'payment-final.retry.7s', 'name a topic of its own'],
    ['OUTCOMES_TOPIC', 'payment-final.dead-letter', 'name a topic of its own'],
    ['REPLAY_BEFORE', '2026-11-22T10:00:00', 'is not a time; write ISO 8601 with its zone'],
    ['REPLAY_BEFORE', '2026-02-30T10:00:00Z', 'is not a time'],
    ['PAYMENT_TIME_OFFSET', 'Z', 'is not an offset; write sign, hours and minutes'],
    ['PAYMENT_TIME_OFFSET', '+14:01', 'at most ±14:00'],
    ['PAYMENT_TIME_OFFSET', '+08:60', 'is not an offset'],
    ['PAYMENT_TIME_OFFSET', '+8:00', 'is not an offset'],
    ['HTTP_HOST', 'a b', 'is not a host; write'],
    ['HTTP_PORT', '65536', 'write a whole number from 0 to 65535'],
    ['LOG_LEVEL', 'loud', 'use fatal or error or warn or info'],
    ['SHUTDOWN_TIMEOUT', '5s', 'make it more than GATEWAY_TIMEOUT = 5s, or lower GATEWAY_TIMEOUT'],
  ])('%s=%j', (name, value, text) => {
    const found = problem({ [name]: value });
    expect(found).toMatch(new RegExp(`^${name}\\b`));
    expect(found).toContain(text);
  });

  test('an unknown mechanism, user and password being there', () => {
    const others = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD_FILE: fileWith('p', 'p') };
    expect(problem({ KAFKA_SASL_MECHANISM: 'oauth', ...others })).toBe(
      'KAFKA_SASL_MECHANISM: "oauth" is not known; use plain or scram-sha-256 or scram-sha-512',
    );
  });

  test('the same code cannot be of both kinds', () => {
    expect(problem({ HOLD_CODES: 'PROCESS_FAIL', TERMINAL_CODES: 'X,PROCESS_FAIL' })).toBe(
      'HOLD_CODES: PROCESS_FAIL stands in TERMINAL_CODES too; leave it in one of them',
    );
  });

  test('what belongs together is asked for together', () => {
    const pem = fileWith('some.pem', client.cert);
    expect(problem({ KAFKA_SSL: 'true', KAFKA_SSL_CERT_FILE: pem })).toBe(
      'KAFKA_SSL_KEY_FILE: not set, but KAFKA_SSL_CERT_FILE is; set all of them or none',
    );
    expect(problem({ KAFKA_SASL_MECHANISM: 'plain' })).toBe(
      'KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD_FILE: not set, but KAFKA_SASL_MECHANISM is; set all of them or none',
    );
    expect(problem({ SCHEMA_REGISTRY_USERNAME: 'u' })).toMatch(/^SCHEMA_REGISTRY_PASSWORD_FILE: not set/);
    expect(problem({ KAFKA_SSL_CA_FILE: pem })).toBe(
      'KAFKA_SSL_CA_FILE: has no effect without TLS; set KAFKA_SSL=true or unset it',
    );
  });

  test('a secret that is empty or has lines', () => {
    const empty = fileWith('empty', '');
    const blank = fileWith('blank', ' \n');
    const lines = fileWith('lines', `${MARKER}\n${MARKER}\n`);
    expect(problem({ GATEWAY_AGENT_TOKEN_FILE: empty })).toContain(`names an empty file ("${empty}")`);
    expect(problem({ GATEWAY_AGENT_TOKEN_FILE: blank })).toContain('names a file with an empty secret');
    expect(problem({ GATEWAY_AGENT_TOKEN_FILE: lines })).toContain('names a file with more than one line');
    expect(problem({ GATEWAY_AGENT_TOKEN_FILE: dir })).toContain('EISDIR');
  });

  test('a secret without the byte order mark before it, and none that is not UTF-8', () => {
    const { gateway } = load({ GATEWAY_AGENT_TOKEN_FILE: fileWith('marked', '\uFEFFtoken\r\n') });
    expect(gateway.agentToken).toBe('token');
    const latin1 = fileWith('latin1', Buffer.from('pässword', 'latin1'));
    expect(problem({ GATEWAY_AGENT_TOKEN_FILE: latin1 })).toBe(
      `GATEWAY_AGENT_TOKEN_FILE: names a file that is not UTF-8 ("${latin1}"); save it as UTF-8 or ASCII`,
    );
  });

  test.each(['tökén', 'token…', 'зокен'])('an agent token that no header can carry, %s', (token) => {
    const path = fileWith('token', token);
    expect(problem({ GATEWAY_AGENT_TOKEN_FILE: path })).toBe(
      `GATEWAY_AGENT_TOKEN_FILE: names a file with characters that cannot stand in a header ("${path}"); ` +
        'write the secret in ASCII',
    );
  });

  describe.each(['GATEWAY_CA_FILE', 'KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE'])('%s with', (name) => {
    const other =
      name === 'KAFKA_SSL_CERT_FILE' ? () => ({ KAFKA_SSL_KEY_FILE: fileWith('k', client.key) }) : () => ({});
    const said = (content: string | Buffer): string =>
      problem({ KAFKA_SSL: 'true', ...other(), [name]: fileWith('wrong.pem', content) }).replace(/ \(".*/, '');

    test('a text, nothing but a key, a certificate in DER', () => {
      expect(said('no certificate')).toMatch(/^.*: names a file with no certificate; put one here as PEM, beginning/);
      expect(said(client.key)).toMatch(/: names a file with a private key and no certificate; put one here as PEM/);
      expect(said(new X509Certificate(client.cert).raw)).toMatch(
        /: names a file with a certificate in DER; convert it/,
      );
    });

    test('a damaged certificate, be it among others', () => {
      const damaged = client.cert.replace(/\n.{20}/, '\n' + 'A'.repeat(20));
      const cut = client.cert.slice(0, 200);
      for (const content of [damaged, `${client.cert}\n${damaged}`, `${client.cert}\n${cut}`]) {
        expect(said(content)).toMatch(/: names a file with a certificate that is damaged; export it again/);
      }
    });
  });

  test('a client key that is none, that is encrypted, or that belongs to another certificate', () => {
    const said = (key: string): string =>
      problem({
        KAFKA_SSL: 'true',
        KAFKA_SSL_CERT_FILE: fileWith('cert.pem', client.cert),
        KAFKA_SSL_KEY_FILE: fileWith('key.pem', key),
      });
    expect(said('no key')).toMatch(/^KAFKA_SSL_KEY_FILE: names a file with no private key that can be read; put one/);
    const encrypted = createPrivateKey(client.key).export({
      ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: MARKER },
    });
    expect(said(encrypted.toString())).toMatch(/^KAFKA_SSL_KEY_FILE: names a file with an encrypted key; decrypt it/);
    expect(said(authority.key)).toBe(
      'KAFKA_SSL_KEY_FILE: is not the key that the certificate in KAFKA_SSL_CERT_FILE was made with; give both of one pair',
    );
  });

  test('a certificate that has expired is none of these, and is told', async () => {
    const old = await certificateFor(['old.example'], authority, new Date(Date.now() - 86_400_000));
    const { gateway } = load({ GATEWAY_CA_FILE: fileWith('bundle.pem', authority.cert + '\n' + old.cert) });
    expect(expired({ GATEWAY_CA_FILE: gateway.ca, KAFKA_SSL_CA_FILE: undefined }, Date.now())).toEqual([
      expect.stringMatching(
        /^GATEWAY_CA_FILE: the certificate of CN=test old.example expired on 20..-..-..; renew it$/,
      ),
    ]);
    expect(expired({ GATEWAY_CA_FILE: Buffer.from(authority.cert) }, Date.now())).toEqual([]);
  });

  test('no secret is ever shown, wherever it was put by mistake', () => {
    const mistakes = {
      KAFKA_BROKERS: `user:${MARKER}@broker:9092`,
      KAFKA_SSL: 'true',
      KAFKA_SSL_KEY_FILE: `-----BEGIN PRIVATE KEY-----\n${MARKER}`,
      KAFKA_SASL_PASSWORD_FILE: MARKER,
      SCHEMA_REGISTRY_URL: `https://user:${MARKER}@registry.example`,
      SCHEMA_REGISTRY_PASSWORD_FILE: MARKER,
      GATEWAY_URL: `https://${MARKER}@gateway.example`,
      GATEWAY_AGENT_TOKEN_FILE: fileWith('bad-token', `${MARKER}\u0000`),
    };
    const found = problems({ ...REQUIRED, ...mistakes });
    for (const name of Object.keys(mistakes)) {
      if (name !== 'KAFKA_SSL') expect(found.join('\n')).toContain(name);
    }
    expect(found.filter((line) => line.includes('carries credentials'))).toHaveLength(2);
    expect(found.join('\n')).not.toContain(MARKER);
    for (const url of [`https://h/?token=${MARKER}`, `${MARKER}://h`, `https://u:${MARKER}@h:x`]) {
      expect(problem({ GATEWAY_URL: url })).not.toContain(MARKER);
    }
  });
});

describe('a command that loads only the sections it needs', () => {
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL } = REQUIRED;
  const onTopics = (env: NodeJS.ProcessEnv) => loadSections(env, ['kafka', 'source', 'registry']);

  test('needs no gateway and no keys, and gets nothing of them', () => {
    const { kafka, source, registry } = load();
    const env = { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, GATEWAY_TIMEOUT: 'not read' };
    expect(onTopics(env)).toStrictEqual({ kafka, source, registry });
  });

  test('is checked as strictly, within them and between them', () => {
    expect(() => onTopics({ KAFKA_BROKERS, KAFKA_SASL_USERNAME: 'u', START_FROM: 'now' })).toThrow(
      /^START_FROM.*\nSCHEMA_REGISTRY_URL.*\nKAFKA_SASL_MECHANISM.*$/,
    );
    expect(() => loadSections({ OUTCOMES_TOPIC: 'payment-final' }, ['source', 'outcomes'])).toThrow(/^OUTCOMES_TOPIC/);
  });
});

test('every setting is of exactly one section', () => {
  const rows = Object.values(SECTIONS).flatMap((section) => Object.keys(section.rows));
  expect(rows).toEqual(Object.keys(SETTINGS));
});
