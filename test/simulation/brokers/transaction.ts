import type { Partition } from './partition.ts';

export type TransactionState =
  'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort';

/** A transactional id: who holds it, and what its transaction has to do with. */
export interface Transaction {
  readonly transactionalId: string;
  producerId: number;
  epoch: number;
  timeoutMs: number;
  state: TransactionState;
  /** Epoch milliseconds. */
  startedAt: number;
  readonly partitions: Set<Partition>;
  readonly groups: Set<string>;
}

/** Whether records of a transaction may be written to a partition. */
export function includes(transaction: Transaction, partition: Partition): boolean {
  return transaction.state === 'Ongoing' && transaction.partitions.has(partition);
}

/** Whether its end is being written; nothing can be done with it meanwhile. */
export function isEnding({ state }: Transaction): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort';
}
