import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Misconfigured } from '../core/misconfigured.ts';

/** Finds the client's public key of a key version; `undefined` is answered KEY_NOT_FOUND. */
export type ClientKeys = (keyVersion: string) => KeyObject | undefined;

/**
 * The client's public keys from a file, which stands for every key version, or from a directory of `<keyVersion>.pem`.
 * A directory is read again when its list of files changes, so that a key can be added or withdrawn while it runs.
 *
 * @throws {Misconfigured} where there is no usable key.
 */
export function clientKeys(path: string): ClientKeys {
  if (!isDirectory(path)) {
    const key = readPublicKey(path);
    return () => key;
  }
  let keys = new Map(keyFiles(path).map(([version, file]) => [version, readPublicKey(file)]));
  let readAt = statSync(path).mtimeMs;
  if (keys.size === 0) throw new Misconfigured([`${path} holds no <keyVersion>.pem: put the public keys there`]);
  return (keyVersion) => {
    const changedAt = statSync(path).mtimeMs;
    if (changedAt !== readAt || !keys.has(keyVersion)) {
      keys = new Map(keyFiles(path).flatMap(([version, file]) => usable(version, file)));
      readAt = changedAt;
    }
    return keys.get(keyVersion);
  };
}

/** A file that is still being written, or no key at all, is an unknown version and not the end of the simulator. */
function usable(version: string, file: string): [string, KeyObject][] {
  try {
    return [[version, readPublicKey(file)]];
  } catch {
    return [];
  }
}

function keyFiles(path: string): [version: string, file: string][] {
  const names = readdirSync(path).filter((name) => name.endsWith('.pem') && !name.startsWith('.'));
  return names.map((name) => [name.slice(0, -'.pem'.length), join(path, name)]);
}

function isDirectory(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new Misconfigured([`${path} does not exist: give the client's public key, a file or a directory`]);
  return found.isDirectory();
}

/** PEM, or bare base64 of the SPKI DER as the vendor's console shows it; RSA of at least 2048 bit. */
function readPublicKey(file: string): KeyObject {
  const text = readFileSync(file, 'utf8');
  if (text.includes('PRIVATE KEY')) {
    throw new Misconfigured([`${file} holds a private key: give the public one of the pair`]);
  }
  const key = parsed(text);
  if (key?.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new Misconfigured([`${file} holds no RSA public key of 2048 bit or more: expected PEM or bare base64 DER`]);
  }
  return key;
}

function parsed(text: string): KeyObject | undefined {
  try {
    if (text.includes('-----BEGIN')) return createPublicKey(text);
    return createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
