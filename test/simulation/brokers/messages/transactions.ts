import { array, boolean, int16, int32, int64, nullableString, string, struct } from '../codec.ts';
import { answered, done, offsetToCommit, perTopic, throttled } from './shared.ts';

const producer = { producerId: int64, producerEpoch: int16 };
const answer = struct(answered);

/** Messages of producers that write once, and all or none. */
export const TRANSACTION_APIS = {
  InitProducerId: {
    key: 22,
    versions: [0, 1],
    request: struct({ transactionalId: nullableString, transactionTimeoutMs: int32 }),
    response: struct({ ...answered, ...producer }),
  },
  AddPartitionsToTxn: {
    key: 24,
    versions: [0, 1],
    request: struct({
      transactionalId: string,
      ...producer,
      topics: perTopic(int32),
    }),
    response: struct({
      ...throttled,
      results: array(struct({ name: string, results: array(struct({ index: int32, errorCode: int16 })) })),
    }),
  },
  AddOffsetsToTxn: {
    key: 25,
    versions: [0, 1],
    request: struct({ transactionalId: string, ...producer, groupId: string }),
    response: answer,
  },
  EndTxn: {
    key: 26,
    versions: [0, 1],
    request: struct({ transactionalId: string, ...producer, committed: boolean }),
    response: answer,
  },
  TxnOffsetCommit: {
    key: 28,
    versions: [0, 1],
    request: struct({
      transactionalId: string,
      groupId: string,
      ...producer,
      topics: perTopic(offsetToCommit),
    }),
    response: struct({
      ...throttled,
      topics: perTopic(done),
    }),
  },
} as const;
