/** Why a partition may stand, as `notifier_waiting_partitions` and `/status` name it. */
export const WAIT_REASONS = [
  ...(['registry', 'produce', 'corrupt', 'parked_unread', 'parked_full', 'topic_missing'] as const),
  ...(['open_transaction', 'error'] as const),
] as const;

/** One of them. */
export type WaitReason = (typeof WAIT_REASONS)[number];

/** Something that a lane waits for. */
export interface Wait {
  readonly reason: WaitReason;
  /** Epoch milliseconds. */
  readonly since: number;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

/**
 * What the lanes of this member wait for: the one place that knows. Whoever waits says so when the wait begins, and ends
 * it; metrics and the status page ask.
 */
export class Waits {
  readonly #now: () => number;
  readonly #waits = new Map<string, Set<Wait>>();

  /** @param now epoch milliseconds */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * A wait begins, of one partition or of all of a topic.
   *
   * @returns ends it; further calls do nothing
   */
  begin({ topic, partition }: Pick<Place, 'topic'> & Partial<Place>, reason: WaitReason): () => void {
    const key = keyOf(topic, partition);
    const wait = { reason, since: this.#now() };
    const waits = this.#waits.get(key) ?? new Set();
    this.#waits.set(key, waits.add(wait));
    return () => void waits.delete(wait);
  }

  /** What a partition has waited for longest. */
  of({ topic, partition }: Place): Wait | undefined {
    const waits = [topic, keyOf(topic, partition)].flatMap((key) => [...(this.#waits.get(key) ?? [])]);
    return waits.sort((a, b) => a.since - b.since)[0];
  }

  /** How many of these partitions wait, by reason; each counts once. */
  count(places: Iterable<Place>): Readonly<Record<WaitReason, number>> {
    const counts = Object.fromEntries(WAIT_REASONS.map((reason) => [reason, 0])) as Record<WaitReason, number>;
    for (const place of places) {
      const wait = this.of(place);
      if (wait !== undefined) counts[wait.reason] += 1;
    }
    return counts;
  }
}

function keyOf(topic: string, partition: number | undefined): string {
  return partition === undefined ? topic : `${topic}:${partition}`;
}
