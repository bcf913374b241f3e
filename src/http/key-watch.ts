import { watch, type FSWatcher } from 'node:fs';

import { Misconfigured } from '../core/misconfigured.ts';
import type { Observe } from '../pipeline/ports.ts';
import { fingerprint } from './key-folder.ts';
import type { KeyRing } from './key-ring.ts';
import { GATEWAY, SIGNING, type KeyKind, type Loaded, type LoadedKeys } from './key-set.ts';

/** How directories of keys are looked at. */
export interface WatchOptions {
  /** Milliseconds between two looks where nothing tells of a change. */
  readonly everyMs?: number;
  /** Milliseconds for which a directory must hold the same before it is judged: a copy or a swap takes several steps. */
  readonly settleMs?: number;
  /** Calls back at every change in a directory; may throw, and may fall silent. */
  readonly watchDir?: (dir: string, changed: () => void) => Pick<FSWatcher, 'close'>;
}

/**
 * Keeps the ring's keys at what their directories hold. A set is used only whole and tested, as at the start; one that
 * cannot be used changes nothing, and is told once.
 *
 * @returns ends it
 */
export function watchKeys(
  { signing, gateway }: LoadedKeys,
  ring: Pick<KeyRing, 'replaceSigning' | 'replaceGateway'>,
  observe: Observe,
  options: WatchOptions = {},
): () => void {
  const ends = [
    watchFolder(SIGNING, signing, ring.replaceSigning, observe, options),
    watchFolder(GATEWAY, gateway, ring.replaceGateway, observe, options),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function watchFolder<K>(
  kind: KeyKind<K>,
  { dir, fingerprint: loaded }: Loaded<K>,
  use: (keys: K) => void,
  observe: Observe,
  { everyMs = 15_000, settleMs = 250, watchDir = watchDirectory }: WatchOptions,
): () => void {
  let judged = loaded;
  let seen = loaded;
  let settling: NodeJS.Timeout | undefined;
  let watcher: Pick<FSWatcher, 'close'> | undefined;

  const look = (): void => {
    settling = undefined;
    const folder = kind.read(dir);
    const now = fingerprint(folder);
    const settled = now === seen;
    seen = now;
    if (now === judged) return;
    if (!settled) {
      lookSoon();
      return;
    }
    judged = now;
    try {
      const keys = kind.parse(folder);
      use(keys);
      observe({ kind: 'key_reloaded', result: 'ok', detail: kind.describe(keys) });
    } catch (error) {
      const detail = error instanceof Misconfigured ? error.message : `${dir}: cannot be used`;
      observe({ kind: 'key_reloaded', result: 'rejected', detail });
    }
  };
  const lookSoon = (): void => {
    settling ??= setTimeout(look, settleMs);
  };
  /** A directory that was removed and made anew would be watched in vain for ever, so each time from the beginning. */
  const watchAnew = (): void => {
    watcher?.close();
    try {
      watcher = watchDir(dir, lookSoon);
    } catch {
      watcher = undefined;
    }
  };

  watchAnew();
  const regularly = setInterval(() => {
    watchAnew();
    lookSoon();
  }, everyMs);
  return () => {
    clearInterval(regularly);
    clearTimeout(settling);
    watcher?.close();
  };
}

function watchDirectory(dir: string, changed: () => void): FSWatcher {
  const watcher = watch(dir, changed);
  return watcher.on('error', () => watcher.close());
}
