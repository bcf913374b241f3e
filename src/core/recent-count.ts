const SLOT_MS = 100;
const SLOTS = 150;

/** What is counted is known for so long, in milliseconds. */
export const COUNTED_MS = SLOT_MS * (SLOTS - 1);

/** Counts in slots of a tenth of a second, the last 15 s of them. Times are milliseconds on the caller's clock. */
export class RecentCount {
  readonly #slots: number[] = [];
  #newest = 0;

  count(now: number): void {
    this.#advance(now);
    const at = this.#newest % SLOTS;
    this.#slots[at] = (this.#slots[at] ?? 0) + 1;
  }

  /** How many there were from the slot of `from` on; `from` is at most `COUNTED_MS` ago. */
  since(from: number, now: number): number {
    this.#advance(now);
    let count = 0;
    for (let slot = Math.floor(from / SLOT_MS); slot <= this.#newest; slot += 1) count += this.#at(slot);
    return count;
  }

  /** The latest time since when there were `enough`, or else `earliest`, which is at most `COUNTED_MS` ago. */
  sinceEnough(enough: number, earliest: number, now: number): number {
    this.#advance(now);
    let count = 0;
    for (let slot = this.#newest; slot * SLOT_MS > earliest; slot -= 1) {
      count += this.#at(slot);
      if (count >= enough) return slot * SLOT_MS;
    }
    return earliest;
  }

  #at(slot: number): number {
    return this.#slots[((slot % SLOTS) + SLOTS) % SLOTS] ?? 0;
  }

  #advance(now: number): void {
    const current = Math.floor(now / SLOT_MS);
    for (let slot = Math.max(this.#newest + 1, current - SLOTS + 1); slot <= current; slot += 1) {
      this.#slots[slot % SLOTS] = 0;
    }
    this.#newest = Math.max(this.#newest, current);
  }
}
