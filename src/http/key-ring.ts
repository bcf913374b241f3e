import type { KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { collecting, Misconfigured } from '../core/misconfigured.ts';
import { parsePrivateKey, parsePublicKey, type ParsedKey } from './key-file.ts';

/** A private key of ours under the version the gateway knows it by. */
export interface SigningKey {
  readonly version: string;
  readonly key: KeyObject;
}

/** All private keys at hand, lowest version first, and the one to sign with. */
export interface SigningKeys {
  readonly active: SigningKey;
  readonly versions: readonly SigningKey[];
}

/** A public key of the gateway; its name is for people only. */
export interface GatewayKey {
  readonly name: string;
  readonly key: KeyObject;
}

/** The keys in use. Each call gives one consistent set: ask once a message, and keep nothing between messages. */
export interface KeyRing {
  signing(): SigningKeys;
  gateway(): readonly GatewayKey[];
}

/**
 * Loads both directories.
 *
 * @throws Misconfigured with what is wrong in either of them
 */
export function loadKeyRing(signingKeysDir: string, gatewayKeysDir: string): KeyRing {
  const problems: string[] = [];
  const signing = collecting(problems, () => loadSigningKeys(signingKeysDir));
  const gateway = collecting(problems, () => loadGatewayKeys(gatewayKeysDir));
  if (signing === undefined || gateway === undefined) throw new Misconfigured(problems);
  return { signing: () => signing, gateway: () => gateway };
}

/**
 * Loads our private keys: `<keyVersion>.pem`, and the file `active` that names the version to sign with. Without it the
 * highest version signs: versions compare as numbers where all are numbers, else as text.
 *
 * @throws Misconfigured with everything that is wrong at once
 */
export function loadSigningKeys(dir: string): SigningKeys {
  const problems: string[] = [];
  const files = listed(dir, 'SIGNING_KEYS_DIR', problems);
  const keys = new Map<string, KeyObject>();
  const named: string[] = [];
  for (const { name: version, path } of pemFiles(dir, files, '<keyVersion>.pem', problems)) {
    if (!HEADER_SAFE.test(version)) {
      problems.push(
        `${shown(path)}: its name is the key version, which goes into a header; use only A-Z a-z 0-9 . _ -`,
      );
      continue;
    }
    named.push(version);
    readKey(path, parsePrivateKey, problems, (key) => keys.set(version, key));
  }
  const sorted = named.sort(versionOrder(named));
  const activeVersion = files.includes('active') ? readActive(join(dir, 'active'), sorted, problems) : sorted.at(-1);

  const versions = sorted.flatMap((version) => {
    const key = keys.get(version);
    return key === undefined ? [] : [{ version, key }];
  });
  const active = versions.find(({ version }) => version === activeVersion);
  if (problems.length > 0 || active === undefined) throw new Misconfigured(problems);
  return { active, versions };
}

/**
 * Loads the gateway's public keys, `<name>.pem`, in the order of their names.
 *
 * @throws Misconfigured with everything that is wrong at once
 */
export function loadGatewayKeys(dir: string): readonly GatewayKey[] {
  const problems: string[] = [];
  const keys: GatewayKey[] = [];
  const files = listed(dir, 'GATEWAY_PUBLIC_KEYS_DIR', problems);
  for (const { name, path } of pemFiles(dir, files, '<name>.pem', problems)) {
    readKey(path, parsePublicKey, problems, (key) => keys.push({ name, key }));
  }
  if (problems.length > 0) throw new Misconfigured(problems);
  return keys;
}

const HEADER_SAFE = /^[A-Za-z0-9._-]+$/;

/** Names in a directory without dotfiles: a mounted Secret keeps its data behind `..data` and dated directories. */
function listed(dir: string, setting: string, problems: string[]): readonly string[] {
  try {
    return readdirSync(dir)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (error) {
    problems.push(`${shown(dir)}: ${directoryProblem(errorCode(error))}; ${setting} must name a readable directory`);
    return [];
  }
}

function directoryProblem(code: string): string {
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'ENOTDIR') return 'is not a directory';
  return `cannot be read (${code})`;
}

function pemFiles(
  dir: string,
  files: readonly string[],
  form: string,
  problems: string[],
): { name: string; path: string }[] {
  const found = files
    .filter((file) => file.endsWith('.pem'))
    .map((file) => ({ name: file.slice(0, -'.pem'.length), path: join(dir, file) }));
  if (found.length === 0 && problems.length === 0) problems.push(`${shown(dir)}: holds no key; put ${form} there`);
  return found;
}

function readKey(
  path: string,
  parse: (bytes: Buffer) => ParsedKey,
  problems: string[],
  keep: (key: KeyObject) => void,
): void {
  const bytes = readFile(path, problems);
  if (bytes === undefined) return;
  const parsed = parse(bytes);
  if ('problem' in parsed) problems.push(`${shown(path)}: ${parsed.problem}`);
  else keep(parsed.key);
}

/** What `active` says is not repeated in a problem: somebody may have put a key there. */
function readActive(path: string, versions: readonly string[], problems: string[]): string | undefined {
  const version = readFile(path, problems)?.toString('utf8').trim();
  if (version === undefined || versions.includes(version)) return version;
  const here = versions.length === 0 ? 'none is' : `these are: ${versions.join(', ')}`;
  problems.push(
    `${shown(path)}: must name a key version that is here (${here}); write one of them, or remove the file`,
  );
  return undefined;
}

function readFile(path: string, problems: string[]): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    problems.push(`${shown(path)}: cannot be read (${errorCode(error)}); make it a file that this process may read`);
    return undefined;
  }
}

function versionOrder(versions: readonly string[]): (a: string, b: string) => number {
  const numeric = versions.every((version) => /^[0-9]+$/.test(version));
  return (a, b) => {
    if (numeric && BigInt(a) !== BigInt(b)) return BigInt(a) < BigInt(b) ? -1 : 1;
    return a < b ? -1 : 1;
  };
}

/** A path as it may stand in one line. */
function shown(path: string): string {
  return /\p{Cc}/u.test(path) ? JSON.stringify(path) : path;
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
