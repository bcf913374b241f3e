import { Fence } from '../core/fence.ts';

/** About 60 MB of memory. */
const MOST_PARKED = 200_000;

/** The fences of the partitions this member owns. */
export class Fences {
  readonly #byPartition = new Map<number, Fence>();
  readonly #most: number;

  constructor(most = MOST_PARKED) {
    this.#most = most;
  }

  of(partition: number): Fence {
    const fence = this.#byPartition.get(partition) ?? new Fence();
    this.#byPartition.set(partition, fence);
    return fence;
  }

  /** Forgets all other partitions. */
  keep(partitions: readonly number[]): void {
    for (const partition of this.#byPartition.keys()) {
      if (!partitions.includes(partition)) this.#byPartition.delete(partition);
    }
  }

  /** The topic of a tier may be another one under the same name. */
  readAgain(tier: string): void {
    for (const fence of this.#byPartition.values()) fence.readAgain(tier);
  }

  /** Keys whose later events wait behind a parked one. */
  get keys(): number {
    let keys = 0;
    for (const fence of this.#byPartition.values()) keys += fence.keys;
    return keys;
  }

  /** So much is parked that nothing may be added before some of it is settled. */
  get full(): boolean {
    let size = 0;
    for (const fence of this.#byPartition.values()) size += fence.size;
    return size >= this.#most;
  }
}
