import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';

import { collecting, Misconfigured } from '../core/misconfigured.ts';
import { parsePrivateKey, parsePublicKey, type ParsedKey } from './key-file.ts';
import { fingerprint, isKeyFile, readKeyFolder, shown, type KeyFolder } from './key-folder.ts';

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

/** One kind of keys: how its directory is read and what stands in it. */
export interface KeyKind<K> {
  readonly read: (dir: string) => KeyFolder;
  /** @throws Misconfigured with everything that is wrong at once, and nothing of what a file holds */
  readonly parse: (folder: KeyFolder) => K;
  /** What was found, in words. */
  readonly describe: (keys: K) => string;
}

/** Keys, and what is needed to see later whether their directory still holds the same. */
export interface Loaded<K> {
  readonly dir: string;
  readonly keys: K;
  readonly fingerprint: string;
}

/** Both directories as they were at the start. */
export interface LoadedKeys {
  readonly signing: Loaded<SigningKeys>;
  readonly gateway: Loaded<readonly GatewayKey[]>;
}

/**
 * Our private keys: `<keyVersion>.pem`, and the file `active` that names the version to sign with. Without it the
 * highest version signs: versions compare as numbers where all are numbers, else as text.
 */
export const SIGNING: KeyKind<SigningKeys> = {
  read: (dir) => readKeyFolder(dir, ['active']),
  parse: parseSigningKeys,
  describe: ({ versions, active }) =>
    `signing keys: version ${versions.map(({ version }) => version).join(', ')}; ${active.version} is active`,
};

/** The gateway's public keys, `<name>.pem`, in the order of their names. */
export const GATEWAY: KeyKind<readonly GatewayKey[]> = {
  read: (dir) => readKeyFolder(dir),
  parse: parseGatewayKeys,
  describe: (keys) => `gateway keys: ${keys.map(({ name }) => shown(name)).join(', ')}`,
};

/**
 * Loads both directories.
 *
 * @throws Misconfigured with what is wrong in either of them
 */
export function loadKeys(signingKeysDir: string, gatewayKeysDir: string): LoadedKeys {
  const problems: string[] = [];
  const signing = collecting(problems, () => load(SIGNING, signingKeysDir));
  const gateway = collecting(problems, () => load(GATEWAY, gatewayKeysDir));
  if (signing === undefined || gateway === undefined) throw new Misconfigured(problems);
  return { signing, gateway };
}

function load<K>(kind: KeyKind<K>, dir: string): Loaded<K> {
  const folder = kind.read(dir);
  return { dir, keys: kind.parse(folder), fingerprint: fingerprint(folder) };
}

function parseSigningKeys(folder: KeyFolder): SigningKeys {
  const problems: string[] = [];
  const keys = new Map<string, KeyObject>();
  const named: string[] = [];
  const files = filesOf(folder, 'SIGNING_KEYS_DIR', '<keyVersion>.pem', problems);
  for (const { file, name: version, content } of keyFiles(files)) {
    const path = shown(join(folder.dir, file));
    if (!HEADER_SAFE.test(version)) {
      problems.push(`${path}: its name is the key version, which goes into a header; use only A-Z a-z 0-9 . _ -`);
      continue;
    }
    named.push(version);
    keep(content, path, parsePrivateKey, problems, (key) => keys.set(version, key));
  }
  const sorted = named.sort(versionOrder(named));
  const active = files.get('active');
  const activeVersion =
    active === undefined ? sorted.at(-1) : namedActive(active, shown(join(folder.dir, 'active')), sorted, problems);

  const versions = sorted.flatMap((version) => {
    const key = keys.get(version);
    return key === undefined ? [] : [{ version, key }];
  });
  const signing = versions.find(({ version }) => version === activeVersion);
  if (problems.length > 0 || signing === undefined) throw new Misconfigured(problems);
  return { active: signing, versions };
}

function parseGatewayKeys(folder: KeyFolder): readonly GatewayKey[] {
  const problems: string[] = [];
  const keys: GatewayKey[] = [];
  const files = filesOf(folder, 'GATEWAY_PUBLIC_KEYS_DIR', '<name>.pem', problems);
  for (const { file, name, content } of keyFiles(files)) {
    keep(content, shown(join(folder.dir, file)), parsePublicKey, problems, (key) => keys.push({ name, key }));
  }
  if (problems.length > 0) throw new Misconfigured(problems);
  return keys;
}

const HEADER_SAFE = /^[A-Za-z0-9._-]+$/;

type Files = Exclude<KeyFolder['files'], string>;

function filesOf({ dir, files }: KeyFolder, setting: string, form: string, problems: string[]): Files {
  if (typeof files === 'string') {
    problems.push(`${shown(dir)}: ${directoryProblem(files)}; ${setting} must name a readable directory`);
    return new Map();
  }
  if (keyFiles(files).length === 0) problems.push(`${shown(dir)}: holds no key; put ${form} there`);
  return files;
}

function directoryProblem(code: string): string {
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'ENOTDIR') return 'is not a directory';
  return `cannot be read (${code})`;
}

function keyFiles(files: Files): { file: string; name: string; content: Buffer | string }[] {
  return [...files]
    .filter(([file]) => isKeyFile(file))
    .map(([file, content]) => ({ file, name: file.slice(0, -'.pem'.length), content }));
}

function keep(
  content: Buffer | string,
  path: string,
  parse: (bytes: Buffer) => ParsedKey,
  problems: string[],
  found: (key: KeyObject) => void,
): void {
  const parsed = typeof content === 'string' ? { problem: unreadable(content) } : parse(content);
  if ('problem' in parsed) problems.push(`${path}: ${parsed.problem}`);
  else found(parsed.key);
}

/** What `active` says is not repeated in a problem: somebody may have put a key there. */
function namedActive(
  content: Buffer | string,
  path: string,
  versions: readonly string[],
  problems: string[],
): string | undefined {
  if (typeof content === 'string') {
    problems.push(`${path}: ${unreadable(content)}`);
    return undefined;
  }
  const version = content.toString('utf8').trim();
  if (versions.includes(version)) return version;
  const here = versions.length === 0 ? 'none is' : `these are: ${versions.join(', ')}`;
  problems.push(`${path}: must name a key version that is here (${here}); write one of them, or remove the file`);
  return undefined;
}

function unreadable(code: string): string {
  return `cannot be read (${code}); make it a file that this process may read`;
}

function versionOrder(versions: readonly string[]): (a: string, b: string) => number {
  const numeric = versions.every((version) => /^[0-9]+$/.test(version));
  return (a, b) => {
    if (numeric && BigInt(a) !== BigInt(b)) return BigInt(a) < BigInt(b) ? -1 : 1;
    return a < b ? -1 : 1;
  };
}
