/** Nobody answered in time. */
export class Silent extends Error {
  override readonly name = 'Silent';
}

/** What a task gives, unless a signal ends the wait for it, or the time is up: then `Silent` is thrown. */
export async function within<T>(task: Promise<T>, limitMs: number, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let giveUp = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    timer = setTimeout(() => reject(new Silent(`no answer in ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([task, given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
