import type { Group } from '../group.ts';
import type { Response } from '../messages/apis.ts';

type DescribedGroup = Response<'DescribeGroups'>['groups'][number];

/** Stands for rights that nobody asked for. */
const NOT_SAID = -(2 ** 31);

/** A group as its coordinator describes it; `Dead` where there is none. @param found the group, or an error code */
export function describedGroup(groupId: string, found: Group | number | undefined, rights = NOT_SAID): DescribedGroup {
  const none = { protocolType: '', protocolData: '', members: [] };
  const known = { groupId, authorizedOperations: rights };
  if (typeof found === 'number') {
    return { ...known, ...none, errorCode: found, groupState: '', authorizedOperations: NOT_SAID };
  }
  if (found === undefined) return { ...known, ...none, errorCode: 0, groupState: 'Dead' };
  const { state, protocolType, protocol, members } = found.generations;
  const isStable = state === 'Stable';
  return {
    ...{ ...known, errorCode: 0, groupState: state, protocolType, protocolData: isStable ? protocol : '' },
    members: members.map((member) => ({
      ...{ memberId: member.memberId, clientId: member.clientId, clientHost: member.clientHost },
      memberMetadata: isStable ? member.metadataFor(protocol) : Buffer.alloc(0),
      memberAssignment: member.assignment,
    })),
  };
}
