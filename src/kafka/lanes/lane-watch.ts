import type { KafkaRecord } from '../../core/record.ts';
import type { Observe } from '../../pipeline/ports.ts';
import type { Wait, Waits } from '../../pipeline/waits.ts';
import { boundaryOffsets, highWatermarks, partitionKey, partitionsOf } from '../kafkajs/offsets.ts';
import type { Cluster } from '../kafkajs/types.ts';
import type { Lane } from './lane.ts';

/** How long a transaction may be open before it is told: writers that commit every few seconds are as usual. */
const OPEN_TOLD_AFTER_MS = 30_000;

/** How far a lane is, beside its partition. */
export interface LaneState {
  readonly topic: string;
  readonly partition: number;
  /** Where it reads next. */
  readonly position: number;
  /** The offset that is committed. */
  readonly committed: number;
  /** The offset behind the partition's last record, of open transactions as well, where it is known. */
  readonly end: number | undefined;
  readonly oldest: KafkaRecord | undefined;
  /** Since when the lane stands before records that it cannot read, in epoch milliseconds: what they are is not known. */
  readonly standsSince: number | undefined;
  /** What it waits for, where that is known. */
  readonly wait: Wait | undefined;
}

/** Looks now and then how far the lanes of an epoch are. */
export class LaneWatch {
  readonly #cluster: Cluster;
  readonly #waits: Waits;
  readonly #observe: Observe;
  /** Lanes that had nothing to do at the last look and yet were not at the end, and where. */
  #ends: ReadonlyMap<string, number> = new Map();
  /** Ends the wait of a lane that stands before an open transaction. */
  readonly #open = new Map<Lane, () => void>();
  readonly #standing = new Map<Lane, { readonly next: number; readonly since: number }>();

  constructor(cluster: Cluster, waits: Waits, observe: Observe) {
    this.#cluster = cluster;
    this.#waits = waits;
    this.#observe = observe;
  }

  /** Every lane's state, with the ends of their partitions asked of the brokers. */
  async look(lanes: readonly Lane[]): Promise<LaneState[]> {
    const ends = await highWatermarks(this.#cluster, partitionsOf(lanes));
    this.#ends = ends;
    for (const lane of lanes) this.#stand(lane, ends.get(partitionKey(lane.topic, lane.partition)));
    this.#wait(await this.#beforeOpenTransactions());
    return this.seen(lanes);
  }

  /** Every lane's state, with the ends as they were told last. */
  seen(lanes: readonly Lane[]): LaneState[] {
    return lanes.map((lane) => {
      const { topic, partition, next: position, committed, oldest } = lane;
      const standsSince = this.#standing.get(lane)?.since;
      const end = this.#ends.get(partitionKey(topic, partition));
      return { topic, partition, position, committed, end, oldest, standsSince, wait: this.#waits.of(lane) };
    });
  }

  /** The lanes are given up. */
  end(): void {
    this.#wait(new Set());
  }

  /** From now on exactly these lanes wait for open transactions. */
  #wait(open: ReadonlySet<Lane>): void {
    for (const [lane, end] of this.#open) {
      if (open.has(lane)) continue;
      end();
      this.#open.delete(lane);
    }
    for (const lane of open) {
      if (!this.#open.has(lane)) this.#open.set(lane, this.#waits.begin(lane, 'open_transaction'));
      const isCause = this.#waits.of(lane)?.reason === 'open_transaction';
      if (isCause) this.#tell(lane, this.#standing.get(lane)?.since ?? Date.now());
    }
  }

  #stand(lane: Lane, end = 0): void {
    const { next, oldest } = lane;
    if (oldest !== undefined || next >= end) this.#standing.delete(lane);
    else if (this.#standing.get(lane)?.next !== next) this.#standing.set(lane, { next, since: Date.now() });
  }

  /** Of the lanes that stand, those of which a reader gets nothing more before a transaction has ended. */
  async #beforeOpenTransactions(): Promise<ReadonlySet<Lane>> {
    const standing = [...this.#standing.keys()];
    const stable = await boundaryOffsets(this.#cluster, partitionsOf(standing), 'latest');
    const isOpen = ({ topic, partition, next }: Lane): boolean => {
      const end = stable.get(partitionKey(topic, partition));
      return end !== undefined && end <= next;
    };
    return new Set(standing.filter(isOpen));
  }

  #tell({ topic, partition, next: offset }: Lane, since: number): void {
    const openMs = Date.now() - since;
    if (openMs < OPEN_TOLD_AFTER_MS) return;
    const error = new Error(`the transaction at this offset has been open for ${Math.round(openMs / 1_000)} s`);
    this.#observe({ kind: 'waiting', for: 'open_transaction', record: { topic, partition, offset }, error });
  }
}
