import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

import { afterAll, describe, expect, it } from 'vitest';

import { Misconfigured } from '../../../src/core/misconfigured.ts';
import { GATEWAY, loadKeys, SIGNING } from '../../../src/http/key-set.ts';
import {
  bareBase64,
  certificateFor,
  gatewayKeysFolder,
  pem,
  privateKeyEncoding,
  publicKeyEncoding,
  removeTemporaryFolders,
  rsaKeyPair,
  signingKeysFolder,
  temporaryFolder,
} from '../../support/keys.ts';

afterAll(() => removeTemporaryFolders());

const ours = rsaKeyPair();
const gateway = rsaKeyPair('gateway');
const weak = rsaKeyPair('weak', 1024);
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding });
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding });
const locked = { cipher: 'aes-256-cbc', passphrase: 'secret' } as const;

const loadSigningKeys = (dir: string) => SIGNING.parse(SIGNING.read(dir));
const loadGatewayKeys = (dir: string) => GATEWAY.parse(GATEWAY.read(dir));

const problemsOf = (load: () => unknown): readonly string[] => {
  try {
    load();
  } catch (error) {
    if (error instanceof Misconfigured) return error.problems;
    throw error;
  }
  return [];
};

/** The one problem of a folder, without the folder's own path. */
const problem = (load: (dir: string) => unknown, folder: string): string => {
  const problems = problemsOf(() => load(folder));
  expect(problems).toHaveLength(1);
  return problems.join().replace(`${folder}/`, '').replace(folder, '<folder>');
};

/** Root may read everything. */
const asOrdinaryUser = (act: () => void): void => {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    act();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
};

describe('signing keys', () => {
  it('are read as PEM and as bare base64, however it is wrapped', () => {
    const wrapped = bareBase64(ours.privateKey).replaceAll(/.{64}/g, '$&\r\n');
    const { versions } = loadSigningKeys(
      temporaryFolder({
        '1.pem': pem(ours.privateKey),
        '2.pem': bareBase64(ours.privateKey),
        '3.pem': `\uFEFF${wrapped}\n`,
        '4.pem': pem(ours.privateKey).replaceAll('\n', '\r\n'),
      }),
    );
    expect(versions.map(({ version }) => version)).toEqual(['1', '2', '3', '4']);
    expect(versions.every(({ key }) => key.equals(ours.privateKey))).toBe(true);
  });

  it.each([
    [
      ['9', '10', '1'],
      ['1', '9', '10'],
    ],
    [
      ['9', '10', 'a'],
      ['10', '9', 'a'],
    ],
    [
      ['90071992547409921', '90071992547409920'],
      ['90071992547409920', '90071992547409921'],
    ],
  ])('of versions %j are ordered %j, and the highest signs', (names, order) => {
    const keys = loadSigningKeys(signingKeysFolder(Object.fromEntries(names.map((name) => [name, ours.privateKey]))));
    expect(keys.versions.map(({ version }) => version)).toEqual(order);
    expect(keys.active.version).toBe(order.at(-1));
  });

  it('sign with the version that `active` names', () => {
    const keys = loadSigningKeys(signingKeysFolder({ 1: ours.privateKey, 2: gateway.privateKey }, '1'));
    expect([keys.active.version, keys.active.key.equals(ours.privateKey)]).toEqual(['1', true]);
  });

  it('are read from a mounted Secret: links into a hidden directory', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '..2026_11_22'));
    symlinkSync('..2026_11_22', join(folder, '..data'));
    const data = signingKeysFolder({ 1: ours.privateKey }, '1');
    for (const name of ['1.pem', 'active']) symlinkSync(join(data, name), join(folder, name));
    expect(loadSigningKeys(folder).active.version).toBe('1');
  });

  it('leave other files alone', () => {
    const folder = temporaryFolder({ '1.pem': pem(ours.privateKey), '.2.pem': 'x', '1.pem.orig': 'x', README: 'x' });
    expect(loadSigningKeys(folder).versions).toHaveLength(1);
  });

  it.each<[string, string, string | Buffer]>([
    ['nothing', 'is empty', ' \n'],
    ['text', 'holds no private key', 'not a key at all'],
    ['base64 of something else', 'holds no private key', Buffer.from('not a key at all').toString('base64')],
    ['raw DER', 'holds no private key', ours.privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['a torn PEM', 'holds no private key', pem(ours.privateKey).slice(0, 600)],
    ['PEM of another kind', 'holds no private key', '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----'],
    ['a public key', 'holds a public key', pem(ours.publicKey)],
    ['a bare public key', 'holds a public key', bareBase64(ours.publicKey)],
    ['an encrypted key', 'holds an encrypted key', ours.privateKey.export({ type: 'pkcs8', format: 'pem', ...locked })],
    [
      'an old encrypted key',
      'holds an encrypted key',
      ours.privateKey.export({ type: 'pkcs1', format: 'pem', ...locked }),
    ],
    [
      'a bare encrypted key',
      'holds an encrypted key',
      ours.privateKey.export({ type: 'pkcs8', format: 'der', ...locked }).toString('base64'),
    ],
    ['two keys', 'holds more than one PEM block', pem(ours.privateKey) + pem(gateway.privateKey)],
    ['an elliptic key', 'holds a key of type ec', elliptic.privateKey],
    ['an RSA key for PSS only', 'holds a key of type rsa-pss', pss.privateKey],
    ['a short key', 'holds an RSA key of 1024 bits', pem(weak.privateKey)],
    ['a key that does not sign', 'holds a damaged key', pem(damagedKey())],
  ])('refuse a file with %s', (_name, said, content) => {
    expect(problem(loadSigningKeys, temporaryFolder({ '1.pem': content }))).toMatch(new RegExp(`^1\\.pem: ${said}`));
  });

  it.each(['1 2', 'ü', '1,2', '1\n2'])('refuse a version that cannot stand in a header: %j', (version) => {
    const said = problem(loadSigningKeys, signingKeysFolder({ [version]: ours.privateKey }));
    expect(said).toContain('its name is the key version, which goes into a header');
    expect(said).not.toContain('\n');
  });

  it.each(['3', '', '1.pem'])('refuse an `active` that names no version here: %j', (active) => {
    const said = problem(loadSigningKeys, signingKeysFolder({ 1: ours.privateKey, 2: ours.privateKey }, active));
    expect(said).toMatch(/^active: must name a key version that is here \(these are: 1, 2\)/);
  });

  it('do not take another version for a broken active one', () => {
    const folder = temporaryFolder({ '1.pem': pem(ours.privateKey), '2.pem': 'broken', active: '2' });
    expect(problem(loadSigningKeys, folder)).toContain('2.pem: holds no private key');
  });

  it('say which file cannot be read', () => {
    const folder = signingKeysFolder({ 1: ours.privateKey });
    mkdirSync(join(folder, '2.pem'));
    symlinkSync('nowhere', join(folder, '3.pem'));
    expect(problemsOf(() => loadSigningKeys(folder))).toEqual([
      `${folder}/2.pem: cannot be read (EISDIR); make it a file that this process may read`,
      `${folder}/3.pem: cannot be read (ENOENT); make it a file that this process may read`,
    ]);
  });

  it.skipIf(!isMainThread && process.geteuid?.() === 0)('say what may not be read', () => {
    const folder = signingKeysFolder({ 1: ours.privateKey });
    chmodSync(folder, 0o755);
    chmodSync(join(folder, '1.pem'), 0o000);
    asOrdinaryUser(() => {
      expect(problem(loadSigningKeys, folder)).toContain('1.pem: cannot be read (EACCES)');
    });
    chmodSync(folder, 0o000);
    asOrdinaryUser(() => {
      expect(problem(loadSigningKeys, folder)).toContain('<folder>: cannot be read (EACCES); SIGNING_KEYS_DIR');
    });
    chmodSync(folder, 0o755);
  });

  it('say what is wrong with the directory', () => {
    expect(problem(loadSigningKeys, temporaryFolder())).toBe('<folder>: holds no key; put <keyVersion>.pem there');
    const gone = temporaryFolder();
    rmSync(gone, { recursive: true });
    expect(problem(loadSigningKeys, gone)).toContain('<folder>: does not exist; SIGNING_KEYS_DIR must name');
    expect(problem(loadSigningKeys, join(temporaryFolder({ file: '' }), 'file'))).toContain('is not a directory');
  });
});

describe('gateway keys', () => {
  it('are read as PEM and as bare base64, in the order of their names', () => {
    const keys = loadGatewayKeys(
      temporaryFolder({ 'new.pem': bareBase64(gateway.publicKey), '2025 a.pem': pem(gateway.publicKey) }),
    );
    expect(keys.map(({ name }) => name)).toEqual(['2025 a', 'new']);
    expect(keys.every(({ key }) => key.equals(gateway.publicKey))).toBe(true);
  });

  it.each<[string, string, string | Buffer]>([
    ['nothing', 'is empty', ''],
    ['text', 'holds no public key', 'not a key'],
    ['a private key', 'holds a private key', pem(gateway.privateKey)],
    ['a bare private key', 'holds a private key', bareBase64(gateway.privateKey)],
    ['an encrypted key', 'holds a private key', gateway.privateKey.export({ type: 'pkcs8', format: 'pem', ...locked })],
    ['two keys', 'holds more than one PEM block', pem(gateway.publicKey) + pem(ours.publicKey)],
    ['an elliptic key', 'holds a key of type ec', elliptic.publicKey],
    ['a short key', 'holds an RSA key of 1024 bits', pem(weak.publicKey)],
  ])('refuse a file with %s', (_name, said, content) => {
    expect(problem(loadGatewayKeys, temporaryFolder({ 'g.pem': content }))).toMatch(new RegExp(`^g\\.pem: ${said}`));
  });

  it('refuse a certificate, as signing keys do, and say how to get the key out of it', async () => {
    const { cert } = await certificateFor(['localhost']);
    const bare = cert.replaceAll(/-----.*-----|\s/g, '');
    for (const content of [cert, bare, cert + cert]) {
      expect(problem(loadGatewayKeys, temporaryFolder({ 'g.pem': content }))).toContain('openssl x509 -pubkey -noout');
      expect(problem(loadSigningKeys, temporaryFolder({ '1.pem': content }))).toContain('1.pem: holds a certificate');
    }
  });

  it('say what is wrong with the directory', () => {
    expect(problem(loadGatewayKeys, temporaryFolder())).toBe('<folder>: holds no key; put <name>.pem there');
    expect(problem(loadGatewayKeys, '/nowhere/at/all')).toContain('GATEWAY_PUBLIC_KEYS_DIR');
  });
});

describe('both directories', () => {
  it('are loaded together', () => {
    const keys = loadKeys(signingKeysFolder({ 1: ours.privateKey }), gatewayKeysFolder({ g: gateway.publicKey }));
    expect(keys.signing.keys.active.version).toBe('1');
    expect(keys.gateway.keys.map(({ name }) => name)).toEqual(['g']);
  });

  it('tell every problem of both at once, one line each, and nothing a file holds', () => {
    const content = 'c2VjcmV0';
    const signing = temporaryFolder({ '1.pem': content, '2.pem': content, active: content });
    const problems = problemsOf(() => loadKeys(signing, temporaryFolder({ 'g.pem': content })));
    const text = problems.join('\n');
    expect(text.split('\n')).toHaveLength(4);
    expect(text).not.toContain(content);
    expect(text).not.toMatch(/error:|asn1|routines/i);
  });
});

/** Another key's modulus with this key's private numbers: it can be read, and its signatures are worth nothing. */
function damagedKey() {
  const { n = '' } = gateway.publicKey.export({ format: 'jwk' });
  return createPrivateKey({ key: { ...ours.privateKey.export({ format: 'jwk' }), n }, format: 'jwk' });
}
