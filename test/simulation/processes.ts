type Task = () => void;

/** The wall clock of a machine: right, or off, and more and more so. Epoch milliseconds. */
export class WallClock {
  readonly #since: number;
  readonly #offsetMs: number;
  readonly #drift: number;

  /** @param drift milliseconds a millisecond */
  constructor(since = 0, offsetMs = 0, drift = 0) {
    this.#since = since;
    this.#offsetMs = offsetMs;
    this.#drift = drift;
  }

  shows(now: number): number {
    return Math.floor(now + this.#offsetMs + (now - this.#since) * this.#drift);
  }
}

/**
 * A process as its machine runs it: what it has armed or is sent reaches it while it runs, waits while it is frozen, and
 * never happens once it is gone.
 */
export class SimulatedProcess {
  readonly name: string;
  #state: 'running' | 'frozen' | 'gone' = 'running';
  /** What came while it was frozen, in the order in which it came; a timer that came again stands there once. */
  readonly #held = new Map<object, Task>();
  readonly #timers = new Map<object, Task>();
  /** What `Date` tells it. */
  clock = new WallClock();

  constructor(name: string) {
    this.name = name;
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen';
  }

  /** Timers that are armed. */
  get timers(): number {
    return this.#timers.size;
  }

  /** @param disarm what takes the timer away */
  armed(timer: object, disarm: Task): void {
    this.#timers.set(timer, disarm);
  }

  disarmed(timer: object): void {
    this.#timers.delete(timer);
    this.#held.delete(timer);
  }

  /** Lets it do something now; later, where it is frozen; not at all, where it is gone. */
  reach(what: object, task: Task): void {
    if (this.#state === 'running') task();
    else if (this.#state === 'frozen') this.#held.set(what, task);
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  /** @returns what has come meanwhile, to be taken in a step each */
  thaw(): object[] {
    if (this.#state !== 'frozen') return [];
    this.#state = 'running';
    return [...this.#held.keys()];
  }

  /** What is still to be done of it, unless it was disarmed. */
  take(what: object): Task | undefined {
    const task = this.#held.get(what);
    this.#held.delete(what);
    return task;
  }

  /** From this instant on nothing of it runs. */
  end(): void {
    this.#state = 'gone';
    for (const disarm of this.#timers.values()) disarm();
    this.#timers.clear();
    this.#held.clear();
  }
}
