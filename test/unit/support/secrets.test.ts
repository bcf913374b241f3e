import { sign } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pem, removeTemporaryFolders, rsaKeyPair, signingKeysFolder, temporaryFolder } from '../../support/keys.ts';
import { secretIn, secretsOf } from '../../support/secrets.ts';

const { privateKey } = rsaKeyPair();
const folder = temporaryFolder({ password: 'hunter2-of-the-registry\n', token: 'agent-token-5f0a' });
const secrets = secretsOf({
  SIGNING_KEYS_DIR: signingKeysFolder({ 1: privateKey }, '1'),
  SCHEMA_REGISTRY_PASSWORD_FILE: join(folder, 'password'),
  GATEWAY_AGENT_TOKEN_FILE: join(folder, 'token'),
  KAFKA_SASL_PASSWORD_FILE: join(folder, 'missing'),
  KAFKA_GROUP_ID: 'payment-notifier',
});
afterAll(() => removeTemporaryFolders());

const signature = sign('sha256', Buffer.from('body'), privateKey).toString('base64');
const keyLine = pem(privateKey).split('\n')[7] ?? '';

test.each([
  ['a line of the private key', keyLine],
  ['the frame of a private key', '-----BEGIN PRIVATE KEY-----'],
  ['a password', 'hunter2-of-the-registry'],
  ['a password in base64', Buffer.from('hunter2-of-the-registry').toString('base64')],
  ['a token', 'agent-token-5f0a'],
  ['a signature', signature],
  ['a signature as it stands in a header', encodeURIComponent(signature)],
  ['a signature header', 'algorithm=RSA256, keyVersion=1'],
])('%s is found in what a service says', (_, secret) => {
  expect(secretIn(`{"level":"debug","msg":"${secret}"}\n`, secrets)).toBeDefined();
});

test('nothing is found in what a service may say', () => {
  const line = { event: 'attempt', paymentId: 'p'.repeat(64), keyVersion: '1', requestSha256: 'a'.repeat(64) };
  expect(secretIn(`${JSON.stringify(line)}\n`.repeat(1_000), secrets)).toBeUndefined();
  expect(secrets.length).toBeGreaterThan(25);
});
