import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { KeyRing } from '../../../src/http/key-ring.ts';
import { loadKeys } from '../../../src/http/key-set.ts';
import { watchKeys, type WatchOptions } from '../../../src/http/key-watch.ts';
import type { Fact } from '../../../src/pipeline/facts.ts';
import { gatewayKeysFolder, pem, removeTemporaryFolders, rsaKeyPair, temporaryFolder } from '../../support/keys.ts';
import { MountedFolder, type Files } from '../../support/mounted-folder.ts';
import { until } from '../../support/until.ts';

const ONE = pem(rsaKeyPair('one').privateKey);
const TWO = pem(rsaKeyPair('two').privateKey);
const THEIRS = rsaKeyPair('gateway').publicKey;
const NEXT = rsaKeyPair('next gateway').publicKey;

const NEVER_MS = 3_600_000;
/** Only the watcher tells of changes, or only the clock. */
const WATCHING = { everyMs: NEVER_MS, settleMs: 20 };
const deaf = () => ({ close: () => undefined });
const LOOKING = { everyMs: 20, settleMs: 5, watchDir: deaf };

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));
afterAll(() => removeTemporaryFolders());

/** A ring over these folders, and what was told of them, oldest first. */
function watched(signingDir: string, options: WatchOptions, gatewayDir = gatewayKeysFolder({ old: THEIRS })) {
  const loaded = loadKeys(signingDir, gatewayDir);
  const told: string[] = [];
  const observe = (fact: Fact): void => {
    if (fact.kind === 'key_reloaded') told.push(`${fact.result}: ${fact.detail.replaceAll(signingDir, '<dir>')}`);
  };
  const ring = new KeyRing(loaded, observe);
  closers.push(watchKeys(loaded, ring, observe, options));
  /** Resolves with what is told next; nothing else may have been told before. */
  const next = async (): Promise<string> => {
    const count = told.length;
    return until('keys to be told of', () => told[count]);
  };
  return { ring, told, next };
}

const OK_BOTH = 'ok: signing keys: version 1, 2; 2 is active';
const WAYS = [
  ['told by the watcher', WATCHING],
  ['found by looking, the watcher being deaf', LOOKING],
] as const;

describe.each(WAYS)('a change %s', (_, options) => {
  test('of a mounted Secret is used as a whole, and what was taken out is gone', async () => {
    const folder = new MountedFolder({ '1.pem': ONE, active: '1' });
    const { ring, told, next } = watched(folder.path, options);
    const change = async (files: Files): Promise<string> => {
      const telling = next();
      folder.swap(files);
      return telling;
    };
    expect(await change({ '1.pem': ONE, '2.pem': TWO, active: '1' })).toMatch(/^ok: .* version 1, 2; 1 is active$/);
    expect(ring.signing(0).version).toBe('1');
    expect(await change({ '1.pem': ONE, '2.pem': TWO, active: '2' })).toBe(OK_BOTH);
    expect(ring.signing(0).version).toBe('2');
    expect(ring.signing(0).key.equals(rsaKeyPair('two').privateKey)).toBe(true);
    expect(await change({ '2.pem': TWO })).toBe('ok: signing keys: version 2; 2 is active');
    expect(ring.state).toEqual({ versions: ['2'], inUse: '2' });
    expect(told).toHaveLength(3);
  });

  test('to half a file is refused, and used when the file is whole', async () => {
    const folder = temporaryFolder({ '1.pem': ONE });
    const { ring, next } = watched(folder, options);
    let telling = next();
    writeFileSync(join(folder, '2.pem'), TWO.slice(0, 700));
    expect(await telling).toMatch(/^rejected: <dir>\/2\.pem: holds no private key/);
    expect(ring.state).toEqual({ versions: ['1'], inUse: '1' });
    telling = next();
    writeFileSync(join(folder, '2.pem'), TWO);
    expect(await telling).toBe(OK_BOTH);
    expect(ring.signing(0).version).toBe('2');
  });

  test.each<[string, Files, string]>([
    ['the active key is gone', { '1.pem': ONE, active: '2' }, '<dir>/active: must name a key version that is here'],
    ['a public key stands in place of ours', { '1.pem': ONE, '2.pem': pem(THEIRS) }, '<dir>/2.pem: holds a public key'],
    [
      'a key is too short',
      { '2.pem': pem(rsaKeyPair('weak', 1024).privateKey) },
      '<dir>/2.pem: holds an RSA key of 10',
    ],
    ['no key is left', {}, '<dir>: holds no key'],
  ])('after which %s keeps the old keys, all of them', async (_what, files, problem) => {
    const folder = new MountedFolder({ '1.pem': ONE, '2.pem': TWO, active: '2' });
    const { ring, next } = watched(folder.path, options);
    const telling = next();
    folder.swap(files);
    const said = await telling;
    expect(said.startsWith(`rejected: ${problem}`), said).toBe(true);
    expect(ring.state).toEqual({ versions: ['1', '2'], inUse: '2' });
  });

  test("of the gateway's keys is used: the next one beside the old one, then alone", async () => {
    const folder = new MountedFolder({ 'old.pem': pem(THEIRS) });
    const { ring, next } = watched(temporaryFolder({ '1.pem': ONE }), options, folder.path);
    let telling = next();
    folder.swap({ 'old.pem': pem(THEIRS), 'next.pem': pem(NEXT) });
    expect(await telling).toBe('ok: gateway keys: next, old');
    telling = next();
    folder.swap({ 'next.pem': pem(NEXT) });
    expect(await telling).toBe('ok: gateway keys: next');
    expect(ring.gateway().map(({ key }) => key.equals(NEXT))).toEqual([true]);
    telling = next();
    folder.swap({ 'next.pem': ONE });
    expect(await telling).toMatch(/^rejected: .*next\.pem: holds a private key/);
    expect(ring.gateway()).toHaveLength(1);
  });
});

describe('what has not changed', () => {
  test('is not told of: the same content written again, by whatever way', async () => {
    const folder = new MountedFolder({ '1.pem': ONE, active: '1' });
    const looks = counting();
    const { told } = watched(folder.path, { ...LOOKING, watchDir: looks.watchDir });
    folder.swap({ '1.pem': ONE, active: '1' });
    await looks.more(3);
    writeFileSync(join(folder.path, 'README'), 'not a key');
    await looks.more(3);
    expect(told).toEqual([]);
  });

  test('and was refused is told once, and again only when it is wrong in another way', async () => {
    const folder = temporaryFolder({ '1.pem': ONE });
    const looks = counting();
    const { told, next } = watched(folder, { ...LOOKING, watchDir: looks.watchDir });
    let telling = next();
    writeFileSync(join(folder, '2.pem'), 'broken');
    await telling;
    await looks.more(5);
    expect(told).toHaveLength(1);
    telling = next();
    writeFileSync(join(folder, '2.pem'), '');
    expect(await telling).toMatch(/^rejected: <dir>\/2\.pem: is empty/);
  });

  test('since a refusal but is as it was before is told as good', async () => {
    const folder = temporaryFolder({ '1.pem': ONE });
    const { next } = watched(folder, LOOKING);
    let telling = next();
    writeFileSync(join(folder, '2.pem'), 'broken');
    await telling;
    telling = next();
    rmSync(join(folder, '2.pem'));
    expect(await telling).toBe('ok: signing keys: version 1; 1 is active');
  });
});

describe('a directory', () => {
  test('that goes away is refused, and found again when it is made anew', async () => {
    const folder = temporaryFolder({ '1.pem': ONE });
    const { ring, next } = watched(folder, { everyMs: 50, settleMs: 5 });
    let telling = next();
    rmSync(folder, { recursive: true });
    expect(await telling).toBe('rejected: <dir>: does not exist; SIGNING_KEYS_DIR must name a readable directory');
    expect(ring.signing(0).version).toBe('1');
    telling = next();
    const made = temporaryFolder({ '1.pem': ONE, '2.pem': TWO });
    renameSync(made, folder);
    expect(await telling).toBe(OK_BOTH);
  });

  test('is watched anew at each look, so one that was made anew is not watched in vain', async () => {
    const folder = temporaryFolder({ '1.pem': ONE });
    const looks = counting();
    watched(folder, { ...LOOKING, watchDir: looks.watchDir });
    await looks.more(4);
    expect(looks.open()).toBe(2);
  });

  test('that cannot be watched is looked at all the same', async () => {
    const folder = temporaryFolder({ '1.pem': ONE });
    const watchDir = (): never => {
      throw new Error('no more watches');
    };
    const { next } = watched(folder, { ...LOOKING, watchDir });
    const telling = next();
    writeFileSync(join(folder, '2.pem'), TWO);
    expect(await telling).toBe(OK_BOTH);
  });

  test('in which a key is a folder is refused, and the service goes on', async () => {
    const folder = temporaryFolder({ '1.pem': ONE });
    const { next } = watched(folder, LOOKING);
    const telling = next();
    mkdirSync(join(folder, '2.pem'));
    expect(await telling).toMatch(/^rejected: <dir>\/2\.pem: cannot be read \(EISDIR\)/);
  });
});

test('a set is judged only when two looks have found the same', () => {
  vi.useFakeTimers();
  closers.push(() => vi.useRealTimers());
  const folder = temporaryFolder({ '1.pem': ONE });
  let changed = (): void => undefined;
  const watchDir = (dir: string, tell: () => void) => {
    if (dir === folder) changed = tell;
    return deaf();
  };
  const { told } = watched(folder, { everyMs: NEVER_MS, settleMs: 100, watchDir });
  for (const content of [TWO.slice(0, 100), TWO.slice(0, 700), TWO]) {
    writeFileSync(join(folder, '2.pem'), content);
    changed();
    vi.advanceTimersByTime(100);
  }
  expect(told).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(told).toEqual([OK_BOTH]);
});

test('nothing that is told holds any of a key', async () => {
  const folder = temporaryFolder({ '1.pem': ONE });
  const { told, next } = watched(folder, LOOKING);
  for (const content of [TWO.slice(0, 700), TWO + TWO, TWO]) {
    const telling = next();
    writeFileSync(join(folder, '2.pem'), content);
    await telling;
  }
  expect(told).toHaveLength(3);
  const lines = TWO.trim().split('\n');
  expect(lines.filter((line) => told.join('\n').includes(line))).toEqual([]);
});

test('what fails in the taking over is a refusal and not the end of the service', async () => {
  const folder = temporaryFolder({ '1.pem': ONE });
  const loaded = loadKeys(folder, gatewayKeysFolder({ old: THEIRS }));
  const told: Fact[] = [];
  const replaceSigning = (): never => {
    throw new Error(ONE);
  };
  const ring = { replaceSigning, replaceGateway: () => undefined };
  closers.push(watchKeys(loaded, ring, (fact) => told.push(fact), LOOKING));
  writeFileSync(join(folder, '2.pem'), TWO);
  const [fact] = await until('a refusal', () => told.length > 0 && told);
  expect(fact).toEqual({ kind: 'key_reloaded', result: 'rejected', detail: `${folder}: cannot be used` });
});

/** A deaf watcher that counts the looks, as each comes after being watched anew. */
function counting() {
  let made = 0;
  let closed = 0;
  return {
    watchDir: () => {
      made += 1;
      return { close: () => void (closed += 1) };
    },
    open: () => made - closed,
    more: async (looks: number): Promise<void> => {
      const enough = made + 2 * (looks + 1);
      await until('more looks', () => made >= enough);
    },
  };
}
