import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A directory of keys as it was read: the files that matter, each with its bytes or the code of why it has none. */
export interface KeyFolder {
  readonly dir: string;
  /** In the order of their names; the code alone where the directory itself cannot be read. */
  readonly files: ReadonlyMap<string, Buffer | string> | string;
}

/** Reads `*.pem` and the files named. Dotfiles are left out: a mounted Secret keeps its data behind `..data`. */
export function readKeyFolder(dir: string, others: readonly string[] = []): KeyFolder {
  try {
    const names = readdirSync(dir).filter((name) => isKeyFile(name) || others.includes(name));
    return { dir, files: new Map(names.sort().map((name) => [name, bytesOf(join(dir, name))])) };
  } catch (error) {
    return { dir, files: errorCode(error) };
  }
}

export function isKeyFile(name: string): boolean {
  return name.endsWith('.pem') && !name.startsWith('.');
}

/** Equal where the folder holds the same. It is made of private keys, so it is compared and never shown. */
export function fingerprint({ files }: KeyFolder): string {
  const hash = createHash('sha256');
  for (const [name, content] of typeof files === 'string' ? [] : files) {
    hash.update(JSON.stringify([name, typeof content === 'string' ? content : content.length]));
    if (typeof content !== 'string') hash.update(content);
  }
  return `${typeof files === 'string' ? files : ''} ${hash.digest('hex')}`;
}

/** A path as it may stand in one line. */
export function shown(path: string): string {
  return /\p{Cc}/u.test(path) ? JSON.stringify(path) : path;
}

function bytesOf(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch (error) {
    return errorCode(error);
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
