import { errorType, isUnreachable } from '../kafkajs/client.ts';
import type { Broker, ConsumerGroup } from '../kafkajs/internals.ts';

const ELSEWHERE = ['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE'];

/** Whether the broker asked does not coordinate the group, or cannot be reached: another may do it by now. */
export function isCoordinatorGone(error: unknown): boolean {
  return ELSEWHERE.includes(errorType(error) ?? '') || isUnreachable(error);
}

/** Asks who coordinates the group now. The group is the same there, its members and generation too. */
export async function findCoordinator(group: ConsumerGroup): Promise<Broker> {
  const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
  group.coordinator = coordinator;
  return coordinator;
}
