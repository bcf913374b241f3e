import type { Caller, Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { CoordinatedGroup } from '../group-coordinator.ts';
import { refusedJoin } from '../group-answers.ts';
import { NO_LEADER } from '../partition.ts';
import type { Parts } from '../parts.ts';
import type { Operation } from '../rights.ts';
import { describedGroup } from './described-group.ts';

type Names =
  | 'FindCoordinator'
  | 'JoinGroup'
  | 'SyncGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'DescribeGroups'
  | 'ListGroups'
  | 'DeleteGroups';

const TRANSACTION = 1;
const GROUP_RIGHTS: readonly Operation[] = ['READ', 'DELETE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'];

/** Everything that is asked of the coordinator of a group, but its offsets. */
export function groupHandlers(parts: Parts): Pick<Handlers, Names> {
  const { nodes, news, groups, transactions, authorizer } = parts;

  const refusal = ({ node, principal }: Caller, operation: Operation, groupId: string): number => {
    if (groupId === '') return ERROR.INVALID_GROUP_ID;
    return authorizer.allows(principal, operation, 'group', groupId)
      ? groups.shards.refusal(node, groupId)
      : ERROR.GROUP_AUTHORIZATION_FAILED;
  };
  /** A group that its coordinator knows, or why not. */
  const known = (caller: Caller, groupId: string): CoordinatedGroup | number =>
    refusal(caller, 'READ', groupId) || (groups.get(groupId) ?? ERROR.UNKNOWN_MEMBER_ID);

  return {
    FindCoordinator: ({ key, keyType }, { node, principal }) => {
      const refuse = (errorCode: number, errorMessage: string) => ({
        throttleTimeMs: 0,
        errorCode,
        errorMessage,
        nodeId: -1,
        host: '',
        port: -1,
      });
      const isTransaction = keyType === TRANSACTION;
      if (!authorizer.allows(principal, 'DESCRIBE', isTransaction ? 'transaction' : 'group', key)) {
        return isTransaction
          ? refuse(ERROR.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'Transactional Id authorization failed.')
          : refuse(ERROR.GROUP_AUTHORIZATION_FAILED, 'Not authorized to access group: Group authorization failed.');
      }
      const { topic, index } = (isTransaction ? transactions : groups).shards.partitionOf(key);
      const leader = news.leaderFor(node, topic, index) ?? NO_LEADER;
      if (leader === NO_LEADER) return refuse(ERROR.COORDINATOR_NOT_AVAILABLE, 'The coordinator is not available.');
      return { throttleTimeMs: 0, errorCode: 0, errorMessage: '', nodeId: leader, ...nodes.address(leader) };
    },

    JoinGroup: (request, caller) => {
      const { groupId, memberId } = request;
      const code = refusal(caller, 'READ', groupId);
      if (code !== ERROR.NONE) return refusedJoin(code, '');
      if (memberId !== '' && groups.get(groupId) === undefined) return refusedJoin(ERROR.UNKNOWN_MEMBER_ID, memberId);
      return groups.getOrMake(groupId).group.join(request, caller);
    },

    SyncGroup: (request, caller) => {
      const found = known(caller, request.groupId);
      if (typeof found !== 'number') return found.group.sync(request);
      return { throttleTimeMs: 0, errorCode: found, assignment: Buffer.alloc(0) };
    },

    Heartbeat: (request, caller) => {
      const found = known(caller, request.groupId);
      const errorCode = typeof found === 'number' ? found : found.group.heartbeat(request);
      return { throttleTimeMs: 0, errorCode };
    },

    LeaveGroup: ({ groupId, members }, caller) => {
      const code = refusal(caller, 'READ', groupId);
      if (code !== ERROR.NONE) return { throttleTimeMs: 0, errorCode: code, members: [] };
      const group = groups.get(groupId)?.group;
      return {
        ...{ throttleTimeMs: 0, errorCode: ERROR.NONE },
        members: members.map(({ memberId, groupInstanceId }) => ({
          ...{ memberId, groupInstanceId, errorCode: group?.leave(memberId) ?? ERROR.UNKNOWN_MEMBER_ID },
        })),
      };
    },

    DescribeGroups: ({ groups: wanted, includeAuthorizedOperations: withRights }, caller) => ({
      throttleTimeMs: 0,
      groups: wanted.map((groupId) => {
        const errorCode = refusal(caller, 'DESCRIBE', groupId);
        const rights = withRights ? authorizer.bits(caller.principal, GROUP_RIGHTS, 'group', groupId) : undefined;
        return describedGroup(groupId, errorCode === 0 ? groups.get(groupId)?.group : errorCode, rights);
      }),
    }),

    ListGroups: (_, { node, principal }) => ({
      ...{ throttleTimeMs: 0, errorCode: ERROR.NONE },
      groups: groups
        .all()
        .filter(({ group: { groupId } }) => groups.shards.refusal(node, groupId) === ERROR.NONE)
        .filter(({ group: { groupId } }) => authorizer.allows(principal, 'DESCRIBE', 'group', groupId))
        .map(({ group: { groupId, generations } }) => ({ groupId, protocolType: generations.protocolType })),
    }),

    DeleteGroups: ({ groupNames }, caller) => ({
      throttleTimeMs: 0,
      results: groupNames.map((groupId) => ({
        groupId,
        errorCode: refusal(caller, 'DELETE', groupId) || groups.delete(groupId),
      })),
    }),
  };
}
