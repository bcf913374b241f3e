import type { Broker, ConsumerGroup } from './types.ts';

/** Asks who coordinates the group now. The group is the same there, its members and generation too. */
export async function findCoordinator(group: ConsumerGroup): Promise<Broker> {
  const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
  group.coordinator = coordinator;
  return coordinator;
}
