import { array, boolean, int16, int32, int8, nullableArray, nullableString, since, string, struct } from '../codec.ts';
import { NOT_SAID, throttled } from './shared.ts';

/** Messages about which topics and brokers there are, and how they are set. */
export const TOPIC_APIS = {
  Metadata: {
    key: 3,
    versions: [6, 8],
    request: struct({
      topics: nullableArray(struct({ name: string })),
      allowAutoTopicCreation: boolean,
      includeClusterAuthorizedOperations: since(8, boolean, false),
      includeTopicAuthorizedOperations: since(8, boolean, false),
    }),
    response: struct({
      ...throttled,
      brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: nullableString })),
      clusterId: nullableString,
      controllerId: int32,
      topics: array(
        struct({
          errorCode: int16,
          name: string,
          isInternal: boolean,
          partitions: array(
            struct({
              errorCode: int16,
              index: int32,
              leaderId: int32,
              leaderEpoch: since(7, int32, -1),
              replicaNodes: array(int32),
              isrNodes: array(int32),
              offlineReplicas: array(int32),
            }),
          ),
          topicAuthorizedOperations: since(8, int32, NOT_SAID),
        }),
      ),
      clusterAuthorizedOperations: since(8, int32, NOT_SAID),
    }),
  },
  CreateTopics: {
    key: 19,
    versions: [2, 3],
    request: struct({
      topics: array(
        struct({
          name: string,
          numPartitions: int32,
          replicationFactor: int16,
          assignments: array(struct({ partitionIndex: int32, brokerIds: array(int32) })),
          configs: array(struct({ name: string, value: nullableString })),
        }),
      ),
      timeoutMs: int32,
      validateOnly: boolean,
    }),
    response: struct({
      ...throttled,
      topics: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
    }),
  },
  DeleteTopics: {
    key: 20,
    versions: [1, 1],
    request: struct({ topicNames: array(string), timeoutMs: int32 }),
    response: struct({
      ...throttled,
      responses: array(struct({ name: string, errorCode: int16 })),
    }),
  },
  CreatePartitions: {
    key: 37,
    versions: [0, 1],
    request: struct({
      topics: array(
        struct({ name: string, count: int32, assignments: nullableArray(struct({ brokerIds: array(int32) })) }),
      ),
      timeoutMs: int32,
      validateOnly: boolean,
    }),
    response: struct({
      ...throttled,
      results: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
    }),
  },
  DescribeConfigs: {
    key: 32,
    versions: [1, 2],
    request: struct({
      resources: array(struct({ type: int8, name: string, keys: nullableArray(string) })),
      includeSynonyms: boolean,
    }),
    response: struct({
      ...throttled,
      results: array(
        struct({
          errorCode: int16,
          errorMessage: nullableString,
          type: int8,
          name: string,
          configs: array(
            struct({
              name: string,
              value: nullableString,
              readOnly: boolean,
              source: int8,
              isSensitive: boolean,
              synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
            }),
          ),
        }),
      ),
    }),
  },
} as const;
