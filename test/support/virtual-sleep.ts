/** `setTimeout` of `node:timers/promises` by the global `setTimeout` of the moment. */
export async function virtualSleep<T>(
  ms: number,
  value: T,
  { signal, ref = true }: { signal?: AbortSignal; ref?: boolean } = {},
): Promise<T> {
  signal?.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp);
      resolve(value);
    }, ms);
    if (!ref) timer.unref();
    const giveUp = (): void => {
      clearTimeout(timer);
      reject(new DOMException('The operation was aborted', 'AbortError'));
    };
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}
