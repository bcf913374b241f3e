import { setMaxListeners } from 'node:events';
import { Abandoned, type Ownership } from '../../pipeline/ports.ts';

/** Both clocks: a frozen process is told by the monotonic one, a stepped machine by the wall clock. Milliseconds. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

/** The moment a request is written. */
export function instant(): Instant {
  return { monotonic: performance.now(), wall: Date.now() };
}

/**
 * One stretch of belonging to the group, from a join to the next. Its lanes may send only while the coordinator has
 * surely not given their partitions to somebody else.
 *
 * `open` → `close()`: nothing new is started, what is in flight is finished and committed → `callLast()`: what only has to
 * be told is given up, so that it can still be committed → `end()`: whatever still goes on is worth nothing.
 */
export class Epoch implements Ownership {
  readonly generation: number;
  readonly #closing = new AbortController();
  readonly #lastCall = new AbortController();
  readonly #ended = new AbortController();
  readonly #leaseMs: number;
  readonly #unsure: (() => void)[] = [];
  #renewed: Instant;

  /**
   * @param leaseMs how long the coordinator waits for a heartbeat
   * @param renewed when the last heartbeat that was answered had been written
   */
  constructor(generation: number, leaseMs: number, renewed: Instant) {
    this.generation = generation;
    this.#leaseMs = leaseMs;
    this.#renewed = renewed;
    setMaxListeners(0, this.closing, this.lastCall, this.ended);
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get lastCall(): AbortSignal {
    return this.#lastCall.signal;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** When the last heartbeat that was answered had been written. */
  get renewed(): Instant {
    return this.#renewed;
  }

  renew(written: Instant): void {
    this.#renewed = written;
    this.#askAgain();
  }

  close(): void {
    this.#closing.abort();
  }

  callLast(): void {
    this.close();
    this.#lastCall.abort();
  }

  end(): void {
    this.callLast();
    this.#ended.abort();
    this.#askAgain();
  }

  assertHeld(sending: boolean): void {
    if (this.ended.aborted) throw new Abandoned();
    if (sending && (this.closing.aborted || this.#silentMs() >= this.#leaseMs)) throw new Abandoned();
  }

  async confirmed(): Promise<void> {
    this.assertHeld(false);
    while (this.#silentMs() >= this.#leaseMs) {
      await new Promise<void>((resolve) => this.#unsure.push(resolve));
      this.assertHeld(false);
    }
  }

  #askAgain(): void {
    for (const ask of this.#unsure.splice(0)) ask();
  }

  #silentMs(): number {
    const now = instant();
    return Math.max(now.monotonic - this.#renewed.monotonic, now.wall - this.#renewed.wall);
  }
}
