/**
 * Asks in the background and gives what was answered last, `undefined` until something was. A question that fails leaves
 * the answer before.
 *
 * @param everyMs no question begins sooner after the one before, nor while one is open
 */
export function latest<T>(ask: () => Promise<T>, everyMs: number): () => T | undefined {
  let answer: T | undefined;
  let open = false;
  let askedAt = -Infinity;
  return () => {
    if (!open && performance.now() - askedAt >= everyMs) {
      open = true;
      askedAt = performance.now();
      ask()
        .then((given) => (answer = given))
        .catch(() => undefined)
        .finally(() => (open = false));
    }
    return answer;
  };
}
