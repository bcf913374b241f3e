import { ParkedKeys } from '../core/parked-keys.ts';

/** About 60 MB of memory. */
const MOST_PARKED = 200_000;

/** The parkedKeys of the partitions this member owns. */
export class AllParkedKeys {
  readonly #byPartition = new Map<number, ParkedKeys>();
  readonly #most: number;

  constructor(most = MOST_PARKED) {
    this.#most = most;
  }

  of(partition: number): ParkedKeys {
    const parkedHere = this.#byPartition.get(partition) ?? new ParkedKeys();
    this.#byPartition.set(partition, parkedHere);
    return parkedHere;
  }

  /** Forgets all other partitions. */
  keep(partitions: readonly number[]): void {
    for (const partition of this.#byPartition.keys()) {
      if (!partitions.includes(partition)) this.#byPartition.delete(partition);
    }
  }

  /** The topic of a tier may be another one under the same name. */
  readAgain(tier: string): void {
    for (const parkedHere of this.#byPartition.values()) parkedHere.readAgain(tier);
  }

  /** Keys whose later events wait behind a parked one. */
  get keys(): number {
    let keys = 0;
    for (const parkedHere of this.#byPartition.values()) keys += parkedHere.keys;
    return keys;
  }

  /** So much is parked that nothing may be added before some of it is settled. */
  get full(): boolean {
    let size = 0;
    for (const parkedHere of this.#byPartition.values()) size += parkedHere.size;
    return size >= this.#most;
  }
}
