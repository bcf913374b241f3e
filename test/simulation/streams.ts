import { Random } from '../chaos/random.ts';

/** Streams of choices by name: how often one is asked changes nothing of what the others say. */
export class Streams {
  readonly #seed: number;
  readonly #streams = new Map<string, Random>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  of(name: string): Random {
    const stream = this.#streams.get(name) ?? new Random(this.#seed, name);
    this.#streams.set(name, stream);
    return stream;
  }
}
