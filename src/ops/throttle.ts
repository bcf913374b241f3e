/** Lets one through and then at most one in a while, per kind. */
export type Throttle = (kind: string) => { readonly leftOut: number } | undefined;

/**
 * @param everyMs how long the next of a kind is left out
 * @param now milliseconds
 * @returns for each call whether this one may pass, with the number left out since the last that did
 */
export function createThrottle(everyMs: number, now: () => number): Throttle {
  const kinds = new Map<string, { passedAt: number; leftOut: number }>();
  return (kind) => {
    const last = kinds.get(kind);
    if (last !== undefined && Math.abs(now() - last.passedAt) < everyMs) {
      last.leftOut += 1;
      return undefined;
    }
    kinds.set(kind, { passedAt: now(), leftOut: 0 });
    return { leftOut: last?.leftOut ?? 0 };
  };
}
