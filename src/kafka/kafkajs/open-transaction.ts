import type { KafkaRecord } from '../../core/record.ts';
import { findTransactionCoordinator } from './coordinator.ts';
import { errorType } from './errors.ts';
import { fetchedBatch, READ_UNCOMMITTED, recordsOf } from './fetched.ts';
import type { Cluster } from './types.ts';

/** An answer brings at least one batch, however large. */
const ONE_BATCH = { minBytes: 0, maxWaitTime: 0, maxBytes: 1, isolationLevel: READ_UNCOMMITTED };

/**
 * The first record of the transaction that holds a partition back at this offset.
 *
 * @returns `undefined` where that has ended
 */
export async function firstUndecided(
  cluster: Cluster,
  { topic, partition, offset }: { readonly topic: string; readonly partition: number; readonly offset: number },
): Promise<KafkaRecord | undefined> {
  const leader = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader;
  const broker = await cluster.findBroker({ nodeId: String(leader ?? -1) });
  const fetchOffset = String(offset);
  const topics = [{ topic, partitions: [{ partition, fetchOffset, maxBytes: ONE_BATCH.maxBytes }] }];
  const { responses } = await broker.fetch({ ...ONE_BATCH, topics });
  const answer = responses[0]?.partitions[0];
  if (answer === undefined || Number(answer.lastStableOffset) !== offset) return undefined;
  return recordsOf(fetchedBatch(topic, fetchOffset, answer)).find((record) => record.offset === offset);
}

/**
 * Has the coordinator of a transactional id abort what is open under it; whoever writes under the id writes nothing any more
 * before it has taken it anew. Resolves as soon as that has begun.
 *
 * @param timeoutMs of transactions under the id, as its writers have it
 */
export async function endTransaction(cluster: Cluster, transactionalId: string, timeoutMs: number): Promise<void> {
  const coordinator = await findTransactionCoordinator(cluster, transactionalId);
  try {
    await coordinator.initProducerId({ transactionalId, transactionTimeout: timeoutMs });
  } catch (error) {
    // It is being ended; who wants to write would have to ask again.
    if (errorType(error) !== 'CONCURRENT_TRANSACTIONS') throw error;
  }
}
