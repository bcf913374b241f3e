/**
 * How sending grows again after a hold: one request at a time at first, and one more with each trustworthy answer. So
 * the number in flight doubles with each round trip: a gateway that has just come back meets no burst, but has the
 * whole flow soon.
 */
export class Ramp {
  /** The last request sent before the hold ended; up to this one, none counts here. */
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

  sent(): void {
    this.#inFlight += 1;
  }

  returned(number: number, trustworthy: boolean): void {
    if (number <= this.#since) return;
    this.#inFlight -= 1;
    if (trustworthy) this.#allowed += 1;
  }
}
