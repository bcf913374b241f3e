import type { Random } from '../chaos/random.ts';

/** How long things take in one world, in whole milliseconds. */
export interface DelaySettings {
  /** Of a packet, mostly. */
  readonly usualMs: number;
  /** Of so many packets in all, one takes up to `longestMs`. */
  readonly tail: number;
  readonly longestMs: number;
}

/** Draws delays: most are short, some very long, so that what rarely overtakes something else does it often. */
export class Delays {
  readonly #random: Random;
  readonly #settings: DelaySettings;

  constructor(random: Random, settings: DelaySettings) {
    this.#random = random;
    this.#settings = settings;
  }

  /** Of a packet between process and broker. */
  readonly delayMs = (): number => this.#draw();

  /** Of a request to the gateway or registry, and of an answer. */
  readonly gatewayMs = (): number => 1 + this.#draw();

  /** Of a signature: the pool that makes it may be busy. */
  readonly signingMs = (): number => (this.#random.next() < 0.02 ? this.#draw() * 4 : 0);

  /** Most packets stay whole. */
  readonly packetOf = (bytes: number): number => {
    return bytes < 2 || this.#random.next() < 0.95 ? bytes : this.#random.between(1, bytes - 1);
  };

  #draw(): number {
    const { usualMs, tail, longestMs } = this.#settings;
    const isLong = tail > 0 && this.#random.next() < tail;
    return this.#random.between(0, isLong ? longestMs : usualMs);
  }
}
