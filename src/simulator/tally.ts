/** How often each name was counted. */
export interface Tally {
  add(name: string): void;
  /** Takes back one `add`. */
  remove(name: string): void;
  /** Names that were counted at least once. */
  counts(): Record<string, number>;
}

/** A tally of nothing. */
export function createTally(): Tally {
  const counts = new Map<string, number>();
  const change = (name: string, by: number): void => {
    const count = (counts.get(name) ?? 0) + by;
    if (count > 0) counts.set(name, count);
    else counts.delete(name);
  };
  return {
    add: (name) => change(name, 1),
    remove: (name) => change(name, -1),
    counts: () => Object.fromEntries(counts),
  };
}
