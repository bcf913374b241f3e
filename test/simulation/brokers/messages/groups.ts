import {
  array,
  boolean,
  bytes,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
} from '../codec.ts';
import { answered, done, inGeneration, memberOf, NOT_SAID, offsetToCommit, perTopic, throttled } from './shared.ts';

/** Messages between a group's members and its coordinator, and about groups. */
export const GROUP_APIS = {
  OffsetCommit: {
    key: 8,
    versions: [5, 5],
    request: struct({
      ...inGeneration,
      topics: perTopic(offsetToCommit),
    }),
    response: struct({
      ...throttled,
      topics: perTopic(done),
    }),
  },
  OffsetFetch: {
    key: 9,
    versions: [3, 4],
    request: struct({
      groupId: string,
      topics: nullableArray(struct({ name: string, partitions: array(int32) })),
    }),
    response: struct({
      ...throttled,
      topics: perTopic(struct({ index: int32, offset: int64, metadata: nullableString, errorCode: int16 })),
      errorCode: int16,
    }),
  },
  FindCoordinator: {
    key: 10,
    versions: [1, 2],
    request: struct({ key: string, keyType: int8 }),
    response: struct({
      ...answered,
      errorMessage: nullableString,
      nodeId: int32,
      host: string,
      port: int32,
    }),
  },
  JoinGroup: {
    key: 11,
    versions: [5, 5],
    request: struct({
      groupId: string,
      sessionTimeoutMs: int32,
      rebalanceTimeoutMs: int32,
      memberId: string,
      groupInstanceId: nullableString,
      protocolType: string,
      protocols: array(struct({ name: string, metadata: bytes })),
    }),
    response: struct({
      ...answered,
      generationId: int32,
      protocolName: string,
      leader: string,
      memberId: string,
      members: array(struct({ ...memberOf, metadata: bytes })),
    }),
  },
  Heartbeat: {
    key: 12,
    versions: [3, 3],
    request: struct({
      ...inGeneration,
      groupInstanceId: nullableString,
    }),
    response: struct(answered),
  },
  LeaveGroup: {
    key: 13,
    versions: [3, 3],
    request: struct({
      groupId: string,
      members: array(struct(memberOf)),
    }),
    response: struct({
      ...answered,
      members: array(struct({ ...memberOf, errorCode: int16 })),
    }),
  },
  SyncGroup: {
    key: 14,
    versions: [3, 3],
    request: struct({
      ...inGeneration,
      groupInstanceId: nullableString,
      assignments: array(struct({ memberId: string, assignment: bytes })),
    }),
    response: struct({ ...answered, assignment: bytes }),
  },
  DescribeGroups: {
    key: 15,
    versions: [1, 3],
    request: struct({ groups: array(string), includeAuthorizedOperations: since(3, boolean, false) }),
    response: struct({
      ...throttled,
      groups: array(
        struct({
          errorCode: int16,
          groupId: string,
          groupState: string,
          protocolType: string,
          protocolData: string,
          members: array(
            struct({
              memberId: string,
              clientId: string,
              clientHost: string,
              memberMetadata: bytes,
              memberAssignment: bytes,
            }),
          ),
          authorizedOperations: since(3, int32, NOT_SAID),
        }),
      ),
    }),
  },
  ListGroups: {
    key: 16,
    versions: [1, 2],
    request: struct({}),
    response: struct({
      ...answered,
      groups: array(struct({ groupId: string, protocolType: string })),
    }),
  },
  DeleteGroups: {
    key: 42,
    versions: [0, 1],
    request: struct({ groupNames: array(string) }),
    response: struct({
      ...throttled,
      results: array(struct({ groupId: string, errorCode: int16 })),
    }),
  },
} as const;
