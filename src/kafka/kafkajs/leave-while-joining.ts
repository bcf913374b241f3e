import { findCoordinator } from './coordinator.ts';
import { errorType } from './errors.ts';
import type { ConsumerGroup } from './types.ts';

interface Connections {
  getConnection(index: number): Promise<unknown>;
}

interface Coordinator {
  readonly connectionPool: Connections;
  leaveGroup(member: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

/** The one that kafkajs fetches by. Brokers answer a connection's requests in turn, so on the other one it would wait. */
const FREE_CONNECTION = 1;

/** Leaves the group although a join is waiting: the broker ends that one, and nobody waits for this member any more. */
export async function leaveWhileJoining(group: ConsumerGroup): Promise<void> {
  const { groupId, memberId } = group;
  if (memberId === null) return;
  const coordinator = (group.coordinator ?? (await findCoordinator(group))) as unknown as Coordinator;
  const pool = coordinator.connectionPool;
  const free = { getConnectionByRequest: { value: () => pool.getConnection(FREE_CONNECTION) } };
  const beside = { connectionPool: { value: Object.create(pool, free) as Connections } };
  try {
    await (Object.create(coordinator, beside) as Coordinator).leaveGroup({ groupId, memberId });
  } catch (error) {
    if (errorType(error) !== 'UNKNOWN_MEMBER_ID') throw error;
  }
}
