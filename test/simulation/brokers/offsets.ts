/** An offset that a group has committed. */
export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

/** The committed offsets of one group, and those that wait for the end of a transaction. */
export class Offsets {
  readonly #committed = new Map<string, CommittedOffset>();
  readonly #pending = new Map<number, CommittedOffset[]>();

  all(): CommittedOffset[] {
    return [...this.#committed.values()];
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#committed.get(`${topic}:${partition}`);
  }

  commit(committed: CommittedOffset): void {
    this.#committed.set(`${committed.topic}:${committed.partition}`, committed);
  }

  /** Counts only once this producer's transaction is committed. */
  commitLater(producerId: number, committed: CommittedOffset): void {
    this.#pending.set(producerId, [...(this.#pending.get(producerId) ?? []), committed]);
  }

  /** @returns what counts from now on */
  endTransaction(producerId: number, isCommitted: boolean): CommittedOffset[] {
    const ended = isCommitted ? (this.#pending.get(producerId) ?? []) : [];
    this.#pending.delete(producerId);
    for (const one of ended) this.commit(one);
    return ended;
  }

  /** A deleted topic takes its offsets along. */
  forgetTopic(topic: string): void {
    for (const [key, committed] of this.#committed) if (committed.topic === topic) this.#committed.delete(key);
  }
}
