/** Choices that are the same for the same seed. */
export class Random {
  #state: number;

  /** @param stream choices of different streams of one seed do not follow from each other */
  constructor(seed: number, stream = '') {
    this.#state = Buffer.from(stream).reduce((state, byte) => Math.imul(state ^ byte, 0x01000193), seed >>> 0);
  }

  /** A number in [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.between(0, items.length - 1)] ?? items[0];
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.between(0, rest.length - 1), 1)).flat();
  }
}

/** Each item as often as its weight says, in a drawn order; then again, in another. */
export function* deck<T extends string>(
  weights: Readonly<Partial<Record<T, number>>>,
  random: Random,
): Generator<T, never> {
  const cards = (Object.entries(weights) as [T, number][]).flatMap(([item, times]) => Array<T>(times).fill(item));
  if (cards.length === 0) throw new Error('there is nothing to draw from');
  for (;;) yield* random.shuffled(cards);
}
