import { ParkedKeys } from '../core/parked-keys.ts';

/** 64 MiB: about 240,000 copies. */
const MOST_BYTES = 67_108_864;

/** What is parked in each partition this member owns. */
export class AllParkedKeys {
  readonly #byPartition = new Map<number, ParkedKeys>();
  readonly #most: number;

  /** @param most how much memory it may take before nothing more is to be parked, in bytes */
  constructor(most = MOST_BYTES) {
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
      if (!partitions.includes(partition)) this.forget(partition);
    }
  }

  /** Forgets a partition, and how far its topics were read. */
  forget(partition: number): void {
    this.#byPartition.delete(partition);
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
    return this.#bytes >= this.#most;
  }

  /** Whether what is parked takes twice as much: then not even what is parked already may be found out. */
  get overfull(): boolean {
    return this.#bytes >= 2 * this.#most;
  }

  get #bytes(): number {
    let bytes = 0;
    for (const parked of this.#byPartition.values()) bytes += parked.bytes;
    return bytes;
  }
}
