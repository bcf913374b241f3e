import { int16, int32, int64, int8, nullableArray, nullableBytes, nullableString, string, struct } from '../codec.ts';
import { answered, perTopic, throttled } from './shared.ts';

/** Messages about the records of partitions. */
export const RECORD_APIS = {
  Produce: {
    key: 0,
    versions: [7, 7],
    request: struct({
      transactionalId: nullableString,
      acks: int16,
      timeoutMs: int32,
      topics: perTopic(struct({ index: int32, records: nullableBytes })),
    }),
    response: struct({
      topics: perTopic(
        struct({
          index: int32,
          errorCode: int16,
          baseOffset: int64,
          logAppendTimeMs: int64,
          logStartOffset: int64,
        }),
      ),
      ...throttled,
    }),
  },
  Fetch: {
    key: 1,
    versions: [11, 11],
    request: struct({
      replicaId: int32,
      maxWaitMs: int32,
      minBytes: int32,
      maxBytes: int32,
      isolationLevel: int8,
      sessionId: int32,
      sessionEpoch: int32,
      topics: perTopic(
        struct({
          index: int32,
          currentLeaderEpoch: int32,
          fetchOffset: int64,
          logStartOffset: int64,
          maxBytes: int32,
        }),
      ),
      forgottenTopics: perTopic(int32),
      rackId: string,
    }),
    response: struct({
      ...answered,
      sessionId: int32,
      topics: perTopic(
        struct({
          index: int32,
          errorCode: int16,
          highWatermark: int64,
          lastStableOffset: int64,
          logStartOffset: int64,
          abortedTransactions: nullableArray(struct({ producerId: int64, firstOffset: int64 })),
          preferredReadReplica: int32,
          records: nullableBytes,
        }),
      ),
    }),
  },
  ListOffsets: {
    key: 2,
    versions: [3, 3],
    request: struct({
      replicaId: int32,
      isolationLevel: int8,
      topics: perTopic(struct({ index: int32, timestamp: int64 })),
    }),
    response: struct({
      ...throttled,
      topics: perTopic(struct({ index: int32, errorCode: int16, timestamp: int64, offset: int64 })),
    }),
  },
  DeleteRecords: {
    key: 21,
    versions: [1, 1],
    request: struct({
      topics: perTopic(struct({ index: int32, offset: int64 })),
      timeoutMs: int32,
    }),
    response: struct({
      ...throttled,
      topics: perTopic(struct({ index: int32, lowWatermark: int64, errorCode: int16 })),
    }),
  },
} as const;
