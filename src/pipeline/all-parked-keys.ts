import { ParkedKeys } from '../core/parked-keys.ts';

/** Copies; about 60 MB of memory. */
const MOST_PARKED = 200_000;

/** What is parked in each partition this member owns. */
export class AllParkedKeys {
  readonly #byPartition = new Map<number, ParkedKeys>();
  readonly #most: number;

  constructor(most = MOST_PARKED) {
    this.#most = most;
  }

  of(partition: number): ParkedKeys {
    const parked = this.#byPartition.get(partition) ?? new ParkedKeys();
    this.#byPartition.set(partition, parked);
    return parked;
  }

  /** Forgets every partition but these. */
  keep(partitions: readonly number[]): void {
    for (const partition of this.#byPartition.keys()) {
      if (!partitions.includes(partition)) this.#byPartition.delete(partition);
    }
  }

  /** The topic of a tier may have been made anew: nothing of it counts as read any more. */
  readAgain(tier: string): void {
    for (const parked of this.#byPartition.values()) parked.readAgain(tier);
  }

  /** How many keys have a parked event, behind which their later events wait. */
  get keys(): number {
    let keys = 0;
    for (const parked of this.#byPartition.values()) keys += parked.keys;
    return keys;
  }

  /** What is parked of each partition, by tier. */
  get byTier(): readonly { tier: string; partition: number; records: number; keys: number }[] {
    return [...this.#byPartition].flatMap(([partition, parked]) =>
      [...parked.byTier].map(([tier, { keys, copies }]) => ({ tier, partition, records: copies, keys })),
    );
  }

  /** Whether so much is parked that records of the source have to wait until some of it is settled. */
  get full(): boolean {
    let size = 0;
    for (const parked of this.#byPartition.values()) size += parked.size;
    return size >= this.#most;
  }
}
