import type { Priority } from './ports.ts';

/** While both wait, so many live records in a row are followed by a retry record. */
const MOST_LIVE_IN_A_ROW = 9;

/**
 * Those who wait to send. Live records go before retries, but every tenth is a retry; otherwise first come, first
 * served.
 */
export class SendQueue<Waiter> {
  readonly #waiting = { live: new Map<Waiter, number>(), retry: new Map<Waiter, number>() };
  #arrivals = 0;
  #liveInARow = 0;

  get size(): number {
    return this.#waiting.live.size + this.#waiting.retry.size;
  }

  add(waiter: Waiter, from: Priority): void {
    this.#arrivals += 1;
    this.#waiting[from].set(waiter, this.#arrivals);
  }

  remove(waiter: Waiter): void {
    this.#waiting.live.delete(waiter);
    this.#waiting.retry.delete(waiter);
  }

  /** Removes and returns who may send next: with `oldest`, whoever has waited longest, live or not. */
  take(oldest: boolean): Waiter | undefined {
    const { live, retry } = this.#waiting;
    const [nextLive] = live;
    const [nextRetry] = retry;
    if (nextLive === undefined || nextRetry === undefined) {
      this.#liveInARow = 0;
      return this.#taken((nextLive ?? nextRetry)?.[0]);
    }
    const retryFirst = oldest ? nextRetry[1] < nextLive[1] : this.#liveInARow >= MOST_LIVE_IN_A_ROW;
    this.#liveInARow = retryFirst ? 0 : this.#liveInARow + 1;
    return this.#taken((retryFirst ? nextRetry : nextLive)[0]);
  }

  #taken(waiter: Waiter | undefined): Waiter | undefined {
    if (waiter !== undefined) this.remove(waiter);
    return waiter;
  }
}
