/** How long a registry may lag behind the writer of a new schema: each id is waited for once, in milliseconds. */
const PATIENCE_MS = 3_000;
/** All ids together are waited for at most this long at a stretch, and a tenth of the time beyond. */
const MOST_PATIENCE_MS = 10_000;
const REGAINED_PER_MS = 0.1;
/** How long "no such schema" is believed before the registry is asked again. */
const BELIEVED_MS = 1_000;
const MOST_IDS = 10_000;

interface Unknown {
  readonly firstAt: number;
  lastAt: number;
  /** `undefined` while it is waited for. */
  believedUntil: number | undefined;
}

/**
 * The schemas of which the registry says that it does not know them. A writer uses a new schema as soon as one instance
 * of the registry has it, so for a few seconds another one is not believed. That patience has an end in all: records with
 * ids that nobody registered cannot stop a partition.
 */
export class UnknownSchemas {
  readonly #now: () => number;
  readonly #unknown = new Map<number, Unknown>();
  #patienceMs = MOST_PATIENCE_MS;
  #countedAt: number;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#countedAt = now();
  }

  /** Whether the registry need not be asked now. */
  isBelieved(id: number): boolean {
    const until = this.#unknown.get(id)?.believedUntil;
    return until !== undefined && this.#now() < until;
  }

  /**
   * The registry does not know it.
   *
   * @returns whether that is to be believed; else it is to be asked again
   */
  add(id: number): boolean {
    const now = this.#now();
    const known = this.#unknown.get(id);
    const unknown: Unknown = known ?? { firstAt: now, lastAt: now, believedUntil: undefined };
    if (known === undefined && this.#unknown.size >= MOST_IDS) this.#unknown.clear();
    this.#unknown.set(id, unknown);
    if (unknown.believedUntil === undefined) {
      this.#wait(Math.min(now - unknown.lastAt, PATIENCE_MS), now);
      unknown.lastAt = now;
      if (now - unknown.firstAt < PATIENCE_MS && this.#patienceMs > 0) return false;
    }
    unknown.believedUntil = now + BELIEVED_MS;
    return true;
  }

  #wait(waitedMs: number, now: number): void {
    const regained = (now - this.#countedAt) * REGAINED_PER_MS;
    this.#patienceMs = Math.min(MOST_PATIENCE_MS, this.#patienceMs + regained) - waitedMs;
    this.#countedAt = now;
  }
}
