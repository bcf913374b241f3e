import { makeMarker, type BatchHead } from './batch.ts';
import { ERROR } from './error-codes.ts';
import type { Tell } from './facts.ts';
import { NO_LEADER, type Partition } from './partition.ts';
import type { Settings } from './settings.ts';
import { Shards } from './shards.ts';
import type { Topic } from './topics.ts';
import { includes, isEnding, type Transaction } from './transaction.ts';

/** A producer that writes each record once. */
export interface ProducerIdentity {
  readonly errorCode: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Ends what a group's offsets wait for. */
export type EndOffsets = (groupId: string, producerId: number, isCommitted: boolean) => void;

const LAST_EPOCH = 32_766;
/** Of no batch is anything asked that its partition must have. */
const MARKER_RULES = { maxBatchBytes: Infinity, isAppendTime: false, maxAheadMs: Infinity };

/** The transactions of the cluster, and who writes in them. */
export class TransactionCoordinator {
  readonly shards: Shards;
  readonly #transactions = new Map<string, Transaction>();
  readonly #settings: Settings;
  readonly #endOffsets: EndOffsets;
  readonly #tell: Tell;
  #nextProducerId = 0;

  constructor(topic: Topic, settings: Settings, endOffsets: EndOffsets, tell: Tell) {
    this.#settings = settings;
    this.#endOffsets = endOffsets;
    this.#tell = tell;
    // What is written down is all there is to a transaction, so a new coordinator knows it as the old one did.
    this.shards = new Shards(topic, { handOver: () => undefined, takeOver: () => undefined }, settings.loadMs);
  }

  all(): readonly Transaction[] {
    return [...this.#transactions.values()];
  }

  /** A producer without transactions. */
  newProducer(): ProducerIdentity {
    return { errorCode: ERROR.NONE, producerId: this.#nextProducerId++, producerEpoch: 0 };
  }

  /** Takes a transactional id; what its last holder left open is aborted first, and asked for again meanwhile. */
  begin(transactionalId: string, timeoutMs: number): ProducerIdentity {
    const refuse = (errorCode: number): ProducerIdentity => ({ errorCode, producerId: -1, producerEpoch: -1 });
    if (timeoutMs <= 0 || timeoutMs > this.#settings.maxTransactionTimeoutMs)
      return refuse(ERROR.INVALID_TRANSACTION_TIMEOUT);
    const found = this.#transactions.get(transactionalId);
    if (found === undefined) {
      const { producerId } = this.newProducer();
      this.#transactions.set(transactionalId, {
        ...{ transactionalId, producerId, epoch: 0, timeoutMs, state: 'Empty', startedAt: 0 },
        ...{ partitions: new Set(), groups: new Set() },
      });
      return { errorCode: ERROR.NONE, producerId, producerEpoch: 0 };
    }
    if (isEnding(found)) return refuse(ERROR.CONCURRENT_TRANSACTIONS);
    if (found.state === 'Ongoing') {
      found.epoch += 1;
      this.#end(found, false);
      return refuse(ERROR.CONCURRENT_TRANSACTIONS);
    }
    found.epoch += 1;
    if (found.epoch > LAST_EPOCH) Object.assign(found, { producerId: this.newProducer().producerId, epoch: 0 });
    found.timeoutMs = timeoutMs;
    found.state = 'Empty';
    return { errorCode: ERROR.NONE, producerId: found.producerId, producerEpoch: found.epoch };
  }

  /** Takes partitions and groups into the transaction, which begins with the first. */
  add(
    transactionalId: string,
    producer: { readonly producerId: number; readonly producerEpoch: number },
    added: { readonly partitions?: readonly Partition[]; readonly group?: string },
  ): number {
    const found = this.#held(transactionalId, producer);
    if (typeof found === 'number') return found;
    if (isEnding(found)) return ERROR.CONCURRENT_TRANSACTIONS;
    if (found.state !== 'Ongoing') {
      found.state = 'Ongoing';
      found.startedAt = Date.now();
      this.#endWhenTooOld(found);
      this.#told(found);
    }
    for (const partition of added.partitions ?? []) found.partitions.add(partition);
    if (added.group !== undefined) found.groups.add(added.group);
    return ERROR.NONE;
  }

  end(
    transactionalId: string,
    producer: { readonly producerId: number; readonly producerEpoch: number },
    isCommitted: boolean,
  ): number {
    const found = this.#held(transactionalId, producer);
    if (typeof found === 'number') return found;
    switch (found.state) {
      case 'Ongoing':
        this.#end(found, isCommitted);
        return ERROR.NONE;
      case 'CompleteCommit':
        return isCommitted ? ERROR.NONE : ERROR.INVALID_TXN_STATE;
      case 'CompleteAbort':
        return isCommitted ? ERROR.INVALID_TXN_STATE : ERROR.NONE;
      case 'PrepareCommit':
        return isCommitted ? ERROR.CONCURRENT_TRANSACTIONS : ERROR.INVALID_TXN_STATE;
      case 'PrepareAbort':
        return isCommitted ? ERROR.INVALID_TXN_STATE : ERROR.CONCURRENT_TRANSACTIONS;
      case 'Empty':
        return ERROR.INVALID_TXN_STATE;
    }
  }

  /** Whether a batch that says that it is of a transaction is of one that is open. */
  verify(transactionalId: string | null, partition: Partition, head: BatchHead | undefined): number {
    if (head?.isTransactional !== true || head.isControl) return ERROR.NONE;
    const found = transactionalId === null ? undefined : this.#transactions.get(transactionalId);
    if (found === undefined || found.producerId !== head.producerId) return ERROR.INVALID_PRODUCER_ID_MAPPING;
    if (head.producerEpoch < found.epoch) return ERROR.INVALID_PRODUCER_EPOCH;
    return includes(found, partition) ? ERROR.NONE : ERROR.INVALID_TXN_STATE;
  }

  /** Ends a transaction as an operator does, or one that nobody would end. */
  abort(transactionalId: string): void {
    const found = this.#transactions.get(transactionalId);
    if (found?.state !== 'Ongoing') return;
    found.epoch += 1;
    this.#end(found, false);
  }

  #held(id: string, by: { readonly producerId: number; readonly producerEpoch: number }): Transaction | number {
    const found = this.#transactions.get(id);
    if (found === undefined || found.producerId !== by.producerId) return ERROR.INVALID_PRODUCER_ID_MAPPING;
    return found.epoch === by.producerEpoch ? found : ERROR.INVALID_PRODUCER_EPOCH;
  }

  #end(transaction: Transaction, isCommitted: boolean): void {
    transaction.state = isCommitted ? 'PrepareCommit' : 'PrepareAbort';
    this.#told(transaction);
    const left = new Set(transaction.partitions);
    const { producerId, epoch: producerEpoch } = transaction;
    const finish = (): void => {
      for (const group of transaction.groups) this.#endOffsets(group, producerId, isCommitted);
      transaction.partitions.clear();
      transaction.groups.clear();
      transaction.state = isCommitted ? 'CompleteCommit' : 'CompleteAbort';
      this.#told(transaction);
    };
    for (const partition of [...left]) {
      const write = (): void => {
        const marked = partition.append(
          makeMarker({ producerId, producerEpoch }, isCommitted, Date.now()),
          MARKER_RULES,
        );
        if (marked.kind === 'refused') throw new Error(`a marker was refused: ${marked.code}`);
      };
      this.#mark(partition, producerId, write, () => {
        // Told twice where its own marker is what makes the partition change.
        if (left.delete(partition) && left.size === 0) finish();
      });
    }
    if (transaction.partitions.size === 0 && isEnding(transaction)) finish();
  }

  /** Writes as soon as somebody leads the partition, and again where the marker is lost with its leader. */
  #mark(partition: Partition, producerId: number, write: () => void, done: () => void): void {
    let written: { readonly end: number; readonly epoch: number } | undefined;
    const isDone = (): boolean => {
      if (partition.isGone) return true;
      if (partition.leader === NO_LEADER) return false;
      const { log, leaderEpoch: epoch } = partition;
      const mustWrite = written === undefined || (written.epoch !== epoch && log.transactions.isOpen(producerId));
      if (written?.epoch !== epoch) written = { end: log.endOffset + (mustWrite ? 1 : 0), epoch };
      if (mustWrite) write();
      return log.highWatermark >= written.end;
    };
    const begin = (): void => {
      let isOver = isDone();
      if (isOver) {
        done();
        return;
      }
      const unwatch = partition.watch(() => {
        if (isOver || !isDone()) return;
        isOver = true;
        unwatch();
        done();
      });
    };
    const delay = this.#settings.markerMs();
    if (delay <= 0) begin();
    else setTimeout(begin, delay);
  }

  /** The coordinator looks now and then for what is too old. */
  #endWhenTooOld(transaction: Transaction): void {
    const { transactionCleanupMs: every } = this.#settings;
    const { startedAt, timeoutMs } = transaction;
    const due = Math.ceil((startedAt + timeoutMs) / every) * every;
    setTimeout(() => {
      if (transaction.state === 'Ongoing' && transaction.startedAt === startedAt)
        this.abort(transaction.transactionalId);
    }, due - startedAt);
  }

  #told({ transactionalId, state }: Transaction): void {
    this.#tell({ kind: 'transaction', transactionalId, state });
  }
}
