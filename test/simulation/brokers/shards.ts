import { ERROR } from './error-codes.ts';
import { javaHash } from './java-hash.ts';
import { NO_LEADER, type Partition } from './partition.ts';
import type { Topic } from './topics.ts';

/** Who hears of shards that change hands. */
export interface Shardholder {
  handOver(shard: number): void;
  takeOver(shard: number): void;
}

/**
 * Groups and transactions are spread over the partitions of an internal topic; whoever leads the partition coordinates them,
 * once it has read what was written there.
 */
export class Shards {
  readonly #topic: Topic;
  readonly #loadMs: () => number;
  readonly #loading = new Set<number>();

  constructor(topic: Topic, holder: Shardholder, loadMs: () => number) {
    this.#topic = topic;
    this.#loadMs = loadMs;
    for (const partition of topic.partitions) this.#follow(partition, holder);
  }

  shardOf(key: string): number {
    return Math.abs(javaHash(key)) % this.#topic.partitions.length;
  }

  partitionOf(key: string): Partition {
    const partition = this.#topic.partitions[this.shardOf(key)];
    if (partition === undefined) throw new Error(`${this.#topic.name} has no partitions`);
    return partition;
  }

  /** Why a broker does not coordinate what has this key; 0 where it does. */
  refusal(node: number, key: string): number {
    if (this.partitionOf(key).leader !== node) return ERROR.NOT_COORDINATOR;
    return this.#loading.has(this.shardOf(key)) ? ERROR.COORDINATOR_LOAD_IN_PROGRESS : ERROR.NONE;
  }

  #follow(partition: Partition, holder: Shardholder): void {
    let known = partition.leaderEpoch;
    const shard = partition.index;
    partition.watch(() => {
      const { leaderEpoch } = partition;
      if (leaderEpoch === known) return;
      known = leaderEpoch;
      if (!this.#loading.has(shard)) holder.handOver(shard);
      this.#loading.add(shard);
      if (partition.leader === NO_LEADER) return;
      const loaded = (): void => {
        if (partition.leaderEpoch !== leaderEpoch) return;
        this.#loading.delete(shard);
        holder.takeOver(shard);
      };
      const delay = this.#loadMs();
      if (delay <= 0) loaded();
      else setTimeout(loaded, delay);
    });
  }
}
