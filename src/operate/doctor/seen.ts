/** What a look brought: a fact, or why there is none. */
export type Seen<T> = { readonly seen: T } | { readonly unseen: unknown };

/** The longest that one look may take, in milliseconds. */
export const LOOK_MS = 5_000;

/** Nobody answered in time. */
export class Silent extends Error {
  override readonly name = 'Silent';
}

/** Looks, for at most `LOOK_MS`. What goes wrong is a fact as well; only an abort is thrown, at once. */
export async function look<T>(task: () => Promise<T>, signal: AbortSignal): Promise<Seen<T>> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const limit = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(LOOK_MS)]);
  const givenUp = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new Silent(`no answer within ${LOOK_MS / 1_000} s`)), { once: true });
  });
  try {
    return { seen: await Promise.race([task(), givenUp]) };
  } catch (unseen) {
    signal.throwIfAborted();
    return { unseen };
  } finally {
    givenUp.catch(() => undefined);
    ended.abort();
  }
}
