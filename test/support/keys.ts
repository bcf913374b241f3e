import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generate } from 'selfsigned';

/** Both halves of a key. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * For `generateKeyPairSync`: take keys from it as PEM, never as objects. On Node 20 the process freezes for good when such
 * an object is exported at the moment its maker is garbage-collected (both want the key's lock).
 */
export const publicKeyEncoding = { type: 'spki', format: 'pem' } as const;
export const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const;

const pairs = new Map<string, KeyPair>();

/** An RSA key pair; the same one for the same owner and size within a process, as making one takes long. */
export function rsaKeyPair(owner = 'acqp', bits = 2048): KeyPair {
  const name = `${owner}/${String(bits)}`;
  const known = pairs.get(name);
  if (known !== undefined) return known;
  const made = generateKeyPairSync('rsa', { modulusLength: bits, publicKeyEncoding, privateKeyEncoding });
  const pair = { privateKey: createPrivateKey(made.privateKey), publicKey: createPublicKey(made.publicKey) };
  pairs.set(name, pair);
  return pair;
}

/** PKCS#8 or SPKI, as PEM. */
export function pem(key: KeyObject): string {
  const exported =
    key.type === 'private' ? key.export({ type: 'pkcs8', format: 'pem' }) : key.export({ type: 'spki', format: 'pem' });
  return exported.toString();
}

/** PKCS#8 or SPKI, as the gateway's console shows it: base64 of the DER and nothing else. */
export function bareBase64(key: KeyObject): string {
  const exported =
    key.type === 'private' ? key.export({ type: 'pkcs8', format: 'der' }) : key.export({ type: 'spki', format: 'der' });
  return exported.toString('base64');
}

const folders = new Set<string>();

/** A new folder below the system's temporary one, with these files in it; goes with `removeTemporaryFolders`. */
export function temporaryFolder(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'payment-notifier-keys-'));
  folders.add(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** Removes folders made here, or all; for `afterAll`, as the processes of the test runner end without an exit event. */
export function removeTemporaryFolders(some: Iterable<string> = folders): void {
  for (const folder of some) {
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}

/** A folder for `SIGNING_KEYS_DIR`: a private key for each version, and the file `active` where one is given. */
export function signingKeysFolder(keys: Readonly<Record<string, KeyObject>>, active?: string): string {
  return temporaryFolder({ ...pemFiles(keys), ...(active === undefined ? {} : { active: `${active}\n` }) });
}

/** A folder for `GATEWAY_PUBLIC_KEYS_DIR`. */
export function gatewayKeysFolder(keys: Readonly<Record<string, KeyObject>>): string {
  return temporaryFolder(pemFiles(keys));
}

function pemFiles(keys: Readonly<Record<string, KeyObject>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [`${name}.pem`, pem(key)]));
}

/** A certificate with its key, both as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for these host names, signed by itself or by the authority given. */
export async function certificateFor(
  hosts: readonly string[],
  authority?: Certificate,
  validUntil?: Date,
): Promise<Certificate> {
  const altNames = hosts.map((host) =>
    /^[\d.]+$/.test(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host },
  );
  const { private: key, cert } = await generate([{ name: 'commonName', value: `test ${hosts.join(' ')}` }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames }],
    ...(authority === undefined ? {} : { ca: authority }),
    ...(validUntil === undefined
      ? {}
      : { notBeforeDate: new Date(validUntil.getTime() - 86_400_000), notAfterDate: validUntil }),
  });
  return { key, cert };
}

/** A private authority, for `certificateFor`. */
export async function certificateAuthority(name: string): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  return { key, cert };
}
