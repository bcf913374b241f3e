import { makeBatch, type NewRecord } from './batch.ts';
import { compact } from './compaction.ts';
import { ERROR } from './error-codes.ts';
import type { Tell } from './facts.ts';
import type { Partition } from './partition.ts';
import { storedRecords, type StoredRecord } from './stored-records.ts';
import { appendRules, configOf } from './topic-configs.ts';
import type { Topics } from './topics.ts';
import type { TransactionCoordinator } from './transaction-coordinator.ts';

/** A transaction that stays open until it is ended, whoever waits for it. */
export interface OpenTransaction {
  /** Of its first record. */
  readonly offset: number;
  /** Whether that could still be done. */
  readonly end: (isCommitted: boolean) => boolean;
}

/** Whose transaction it is, and how long it may be open. */
export interface TransactionOwner {
  readonly id: string;
  readonly timeoutMs: number;
}

export interface LogEnds {
  readonly start: number;
  readonly lastStable: number;
  readonly highWatermark: number;
  readonly end: number;
}

const NEVER_TOO_OLD_MS = 900_000;

/** What stands in the partitions, past all clients: to write, to read and to remove it. */
export class Logs {
  readonly #topics: Topics;
  readonly #transactions: TransactionCoordinator;
  readonly #tell: Tell;
  #opened = 0;

  constructor(topics: Topics, transactions: TransactionCoordinator, tell: Tell) {
    this.#topics = topics;
    this.#transactions = transactions;
    this.#tell = tell;
  }

  /** Writes to all replicas at once: nobody waits for an acknowledgement. @returns the offset of the first record */
  append(topic: string, index: number, records: readonly NewRecord[]): number {
    const offset = this.#append(topic, index, makeBatch({ records }));
    this.#tell({ kind: 'appended', topic, partition: index, offset, count: records.length });
    return offset;
  }

  /**
   * As `append`, in a transaction of an owner of its own by default.
   *
   * @returns `undefined` where its owner has not ended the one before; that is being ended now
   */
  openTransaction(
    topic: string,
    index: number,
    records: readonly NewRecord[],
    { id, timeoutMs }: TransactionOwner = { id: `transaction-${(this.#opened += 1)}`, timeoutMs: NEVER_TOO_OLD_MS },
  ): OpenTransaction | undefined {
    const producer = this.#transactions.begin(id, timeoutMs);
    if (producer.errorCode !== ERROR.NONE) return undefined;
    this.#transactions.add(id, producer, { partitions: [this.#partition(topic, index)] });
    const writer = { ...producer, baseSequence: 0 };
    const offset = this.#append(topic, index, makeBatch({ records, writer, kind: 'transactional' }));
    return { offset, end: (isCommitted) => this.#transactions.end(id, producer, isCommitted) === ERROR.NONE };
  }

  /** What stands before this offset is gone. */
  deleteBefore(topic: string, index: number, offset: number): void {
    this.#partition(topic, index).deleteBefore(offset);
  }

  /** Retention by time: batches whose records are all older than their topic keeps them are gone. */
  expire(): void {
    for (const topic of this.#topics.all()) {
      const keptMs = Number(configOf(topic, 'retention.ms'));
      if (keptMs < 0 || topic.isInternal) continue;
      for (const partition of topic.partitions) {
        const { batches, endOffset } = partition.log;
        const kept = batches.find(({ head }) => head.maxTimestamp >= Date.now() - keptMs);
        partition.deleteBefore(kept?.baseOffset ?? endOffset);
      }
    }
  }

  /** Of each key only the newest record stays, of what all replicas have. */
  compact(topic: string, index: number): void {
    compact(this.#partition(topic, index).log);
  }

  /** Every record of a partition that there still is, from an offset on, in order. */
  records(topic: string, index: number, from = 0): StoredRecord[] {
    return storedRecords(this.#partition(topic, index).log, from);
  }

  offsets(topic: string, index: number): LogEnds {
    const { startOffset, lastStableOffset, highWatermark, endOffset } = this.#partition(topic, index).log;
    return { start: startOffset, lastStable: lastStableOffset, highWatermark, end: endOffset };
  }

  #append(topic: string, index: number, batch: Buffer): number {
    const appended = this.#partition(topic, index).appendEverywhere(batch, appendRules(this.#topics.named(topic)));
    if (appended.kind === 'refused') throw new Error(`${topic}:${index} took nothing: ${appended.code}`);
    return appended.baseOffset;
  }

  #partition(topic: string, index: number): Partition {
    return this.#topics.partitionNamed(topic, index);
  }
}
