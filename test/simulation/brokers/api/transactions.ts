import type { Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { Partition } from '../partition.ts';
import type { Parts } from '../parts.ts';
import { commitPerPartition } from './offsets.ts';

type Names = 'InitProducerId' | 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'EndTxn' | 'TxnOffsetCommit';

/** Everything that is asked of the coordinator of a transaction, and of a group about one. */
export function transactionHandlers(parts: Parts): Pick<Handlers, Names> {
  const { transactions, authorizer, topics, groups } = parts;
  const refusal = (node: number, principal: string, id: string): number =>
    authorizer.allows(principal, 'WRITE', 'transaction', id)
      ? transactions.shards.refusal(node, id)
      : ERROR.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;

  return {
    InitProducerId: ({ transactionalId: id, transactionTimeoutMs }, { node, principal }) => {
      const refuse = (errorCode: number) => ({ throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 });
      if (id === null) {
        const may =
          authorizer.allows(principal, 'IDEMPOTENT_WRITE', 'cluster') ||
          topics.all().some(({ name }) => authorizer.allows(principal, 'WRITE', 'topic', name));
        return may ? { throttleTimeMs: 0, ...transactions.newProducer() } : refuse(ERROR.CLUSTER_AUTHORIZATION_FAILED);
      }
      const code = refusal(node, principal, id);
      if (code !== ERROR.NONE) return refuse(code);
      return { throttleTimeMs: 0, ...transactions.begin(id, transactionTimeoutMs) };
    },

    AddPartitionsToTxn: ({ transactionalId, topics: wanted, ...producer }, { node, principal }) => {
      const code = refusal(node, principal, transactionalId);
      const found = wanted.flatMap(({ name, partitions }) =>
        partitions.map((index) => ({ name, index, partition: topics.partition(name, index) })),
      );
      const unknown = found.filter(({ partition }) => partition === undefined);
      const added = found.flatMap(({ partition }): Partition[] => (partition === undefined ? [] : [partition]));
      const codeOf = (): number => {
        if (code !== ERROR.NONE) return code;
        if (unknown.length > 0) return ERROR.OPERATION_NOT_ATTEMPTED;
        return transactions.add(transactionalId, producer, { partitions: added });
      };
      const outcome = codeOf();
      return {
        throttleTimeMs: 0,
        results: wanted.map(({ name, partitions }) => ({
          name,
          results: partitions.map((index) => ({
            index,
            errorCode:
              code === ERROR.NONE && topics.partition(name, index) === undefined
                ? ERROR.UNKNOWN_TOPIC_OR_PARTITION
                : outcome,
          })),
        })),
      };
    },

    AddOffsetsToTxn: ({ transactionalId, groupId, ...producer }, { node, principal }) => {
      const code = refusal(node, principal, transactionalId);
      const errorCode = code === ERROR.NONE ? transactions.add(transactionalId, producer, { group: groupId }) : code;
      return { throttleTimeMs: 0, errorCode };
    },

    EndTxn: ({ transactionalId, committed, ...producer }, { node, principal }) => {
      const code = refusal(node, principal, transactionalId);
      const errorCode = code === ERROR.NONE ? transactions.end(transactionalId, producer, committed) : code;
      return { throttleTimeMs: 0, errorCode };
    },

    TxnOffsetCommit: ({ groupId, producerId, topics: wanted }, caller) => {
      const code = authorizer.allows(caller.principal, 'READ', 'group', groupId)
        ? groups.shards.refusal(caller.node, groupId)
        : ERROR.GROUP_AUTHORIZATION_FAILED;
      const { offsets } = groups.getOrMake(groupId);
      return {
        throttleTimeMs: 0,
        topics: commitPerPartition(parts, caller, wanted, code, (committed) => {
          offsets.commitLater(producerId, committed);
        }),
      };
    },
  };
}
