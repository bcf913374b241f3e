/** Who was given an id and has not joined with it yet. */
export class Invitations {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  get size(): number {
    return this.#timers.size;
  }

  has(memberId: string): boolean {
    return this.#timers.has(memberId);
  }

  /** @param expired called where nobody comes in time */
  add(memberId: string, withinMs: number, expired: () => void): void {
    this.#timers.set(memberId, setTimeout(expired, withinMs));
  }

  remove(memberId: string): void {
    clearTimeout(this.#timers.get(memberId));
    this.#timers.delete(memberId);
  }

  clear(): void {
    for (const memberId of [...this.#timers.keys()]) this.remove(memberId);
  }
}
