import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { capturingProxy } from '../support/capturing-proxy.ts';
import { temporaryFolder } from '../support/keys.ts';
import { keepLedger } from '../support/ledger.ts';
import { ServiceProcess } from '../support/service-process.ts';
import { trouble } from '../support/trouble.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

const SECRETS = {
  'agent-token': 'agent-token-5f0a1c77',
  'registry-password': 'registry-password-93bd',
  'sasl-password': 'sasl-password-e8812b',
};

test('keys, tokens, passwords and signatures reach no log, no metric and no topic', async () => {
  const secrets = temporaryFolder(SECRETS);
  const world = await World.create({
    partitions: 3,
    profile: {
      rules: [
        { when: { paymentId: 'timeout-*', attempt: 1 }, answer: { fault: 'no_answer' } },
        { when: { paymentId: 'reset-*', attempt: 1 }, answer: { fault: 'reset_after_read' } },
        { when: { paymentId: 'unsigned-*', attempt: 1 }, answer: { code: 'SUCCESS', sign: 'none' } },
        { when: { paymentId: 'forged-*', attempt: 1 }, answer: { code: 'SUCCESS', sign: 'wrong_key' } },
        { when: { paymentId: 'oversized-*', attempt: 1 }, answer: { fault: 'oversized' } },
        { when: { paymentId: 'redirect-*', attempt: 1 }, answer: { fault: 'redirect' } },
        { when: { paymentId: 'terminal-*' }, answer: { code: 'PROCESS_FAIL' } },
        { when: { paymentId: 'denied-*', attempt: 1 }, answer: { code: 'ACCESS_DENIED' } },
      ],
    },
  });
  const proxy = await capturingProxy(world.simulator.url, world.simulator.caFile);
  const kinds = ['timeout', 'reset', 'unsigned', 'forged', 'oversized', 'redirect', 'terminal', 'good', 'denied'];
  for (let partition = 0; partition < world.partitions; partition += 1) {
    await world.write(
      partition,
      kinds.map((kind) => `${kind}-${partition}`),
    );
    await world.writeRaw(partition, [{ key: 'junk', value: Buffer.from('junk') }]);
  }
  const service = await world.start({
    LOG_LEVEL: 'debug',
    GATEWAY_URL: proxy.url,
    GATEWAY_TIMEOUT: '1s',
    GATEWAY_AGENT_TOKEN_FILE: join(secrets, 'agent-token'),
    SCHEMA_REGISTRY_USERNAME: 'reader',
    SCHEMA_REGISTRY_PASSWORD_FILE: join(secrets, 'registry-password'),
    OUTAGE_HOLD_AFTER: '0',
  });
  await until('the hold', async () => (await service.metric('notifier_hold{reason="ACCESS_DENIED"}')) === 1);
  const { body: whileHeld } = await service.get('/metrics');
  await world.settled();
  const seen = [whileHeld];
  for (const path of ['/metrics', '/livez', '/readyz', '/startupz']) seen.push((await service.get(path)).body);
  expect(await service.end()).toBe(0);

  const refused = await ServiceProcess.start({
    ...world.settings,
    LOG_LEVEL: 'trace',
    KAFKA_BROKERS: inject('bootstrapServers'),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'user',
    KAFKA_SASL_PASSWORD_FILE: join(secrets, 'sasl-password'),
  });
  await until('brokers that refuse it', () =>
    refused.log.some(({ msg }) => String(msg).includes('waiting for the brok')),
  );
  await refused.end();

  for (const { output, errors } of [service, refused]) seen.push(output, errors);
  for (const suffix of ['dead-letter', ...(await world.topicSuffixes())]) {
    for (const { headers, value } of await world.records(suffix)) {
      seen.push(...Object.entries(headers).map(([name, bytes]) => `${name}: ${bytes.toString('latin1')}`));
      seen.push(String(value));
    }
  }
  const all = seen.join('\n');
  expect(all).toContain('terminal-0');
  expect(all).toContain('notifier_attempts_total');

  const privateKey = readFileSync(join(world.settings['SIGNING_KEYS_DIR'] ?? '', '1.pem'), 'utf8');
  const keyLines = privateKey.trim().split('\n').slice(1, -1);
  expect(keyLines.length).toBeGreaterThan(20);
  const passed = proxy.headers.flatMap((headers) => [headers['signature'], headers['agent-token']].flat());
  const signatures = [...new Set(passed)].flatMap((value) => /signature=([^,]+)/.exec(value ?? '')?.[1] ?? []);
  expect(signatures.length).toBeGreaterThan(world.written.length);
  expect(passed).toContain(SECRETS['agent-token']);
  const forbidden = {
    'the private key': ['PRIVATE KEY', ...keyLines],
    'a secret': Object.values(SECRETS).flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]),
    'basic credentials': [Buffer.from(`reader:${SECRETS['registry-password']}`).toString('base64')],
    'a signature': ['signature=', 'algorithm=RSA256', ...signatures, ...signatures.map(decodeURIComponent)],
    'sasl bytes': [Buffer.from(`\0user\0${SECRETS['sasl-password']}`).toString('base64')],
  };
  for (const [what, texts] of Object.entries(forbidden)) {
    expect(texts.filter((text) => all.includes(text)).length, what).toBe(0);
  }

  const ledger = await keepLedger(world);
  expect(ledger).toMatchObject({ lost: [], doubled: [], parked: [], uncommitted: [], disorder: [], repeats: 0 });
  expect(ledger.deadLettered).toHaveLength(2 * world.partitions);
  expect(ledger.delivered).toHaveLength((kinds.length - 1) * world.partitions);
});

test('every world looks for secrets when it ends: a service that prints its key fails the test', async () => {
  const [world, end] = await World.shared({ partitions: 1 });
  const privateKey = readFileSync(join(world.settings['SIGNING_KEYS_DIR'] ?? '', '1.pem'), 'utf8');
  const service = await world.start(trouble('print', privateKey.split('\n')[3]));
  service.signal('SIGUSR2');
  await until('the line', () => service.output.includes('leaked'));
  await expect(end()).rejects.toThrow('a service let a secret out');
});
