/**
 * The way back from a hold: one request at a time, and one more with each trustworthy answer. That doubles them each
 * round trip, so a gateway that has just come back meets no burst and has the whole flow soon.
 */
export class Ramp {
  /** The last request that had left before; those do not count here. */
  readonly #since: number;
  /** Requests that may be in flight at once. */
  #allowed = 1;
  #inFlight = 0;

  constructor(since: number) {
    this.#since = since;
  }

  get isFull(): boolean {
    return this.#inFlight >= this.#allowed;
  }

  left(): void {
    this.#inFlight += 1;
  }

  returned(number: number, trustworthy: boolean): void {
    if (number <= this.#since) return;
    this.#inFlight -= 1;
    if (trustworthy) this.#allowed += 1;
  }
}
