/**
 * Events of one partition that are parked already when the source is read again from before them: whoever parked them was
 * lost before that was committed.
 */
export class ReadTwice {
  readonly #parked = new Set<number>();
  readonly #settled = new Set<number>();
  #from = Number.POSITIVE_INFINITY;

  /** The source is read from this offset on, whatever was known before. */
  sourceFrom(offset: number): void {
    this.#from = offset;
    this.#parked.clear();
    this.#settled.clear();
  }

  /** A copy of the event was found. */
  parked(origin: number): void {
    if (origin >= this.#from) this.#parked.add(origin);
  }

  /** The last copy of the event that is known was settled. */
  settled(origin: number): void {
    if (this.#parked.has(origin)) this.#settled.add(origin);
  }

  /** Whether it was settled out of its copies since the source is read from where it is. */
  isSettled(origin: number): boolean {
    return this.#settled.has(origin);
  }
}
