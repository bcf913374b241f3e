import type { Socket } from 'node:net';
import { GIVEN_UP } from './errors.ts';
import type { Broker, Cluster, ConsumerGroup } from './types.ts';

/**
 * Asks who coordinates the group now; the group is the same there, its members and generation too. All brokers are asked at
 * once, and the first answer counts: kafkajs asks one after the other, and waits for one that is silent.
 */
export async function findCoordinator(group: ConsumerGroup): Promise<Broker> {
  const { cluster, groupId } = group;
  const coordinator = await firstAnswer(cluster, groupId, GROUP).catch(() => cluster.findGroupCoordinator({ groupId }));
  group.coordinator = coordinator;
  return coordinator;
}

/** Asks who coordinates the transactions of an id. */
export function findTransactionCoordinator(cluster: Cluster, transactionalId: string): Promise<Broker> {
  return firstAnswer(cluster, transactionalId, TRANSACTION);
}

async function firstAnswer(cluster: Cluster, id: string, coordinatorType: number): Promise<Broker> {
  const ask = async (nodeId: string): Promise<string> => {
    const broker = await cluster.findBroker({ nodeId });
    const { coordinator } = await broker.findGroupCoordinator({ groupId: id, coordinatorType });
    return String(coordinator.nodeId);
  };
  const nodeId = await Promise.any(cluster.getNodeIds().map(ask));
  return cluster.findBroker({ nodeId });
}

/** What is coordinated, as the protocol numbers it. */
const GROUP = 0;
const TRANSACTION = 1;

interface Connections {
  readonly connectionPool: { readonly pool: readonly { readonly socket?: Socket }[] };
}

/** Ends all connections to a broker that does not answer: what waits for it fails at once, and the next request connects. */
export function hangUp(broker: Broker): void {
  const { connectionPool } = broker as unknown as Connections;
  const error = Object.assign(new Error('no answer in time'), { code: GIVEN_UP });
  for (const { socket } of connectionPool.pool) socket?.destroy(error);
}
