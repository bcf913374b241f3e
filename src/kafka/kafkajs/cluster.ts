import type { Kafka } from 'kafkajs';
import type { Cluster } from './types.ts';

const CREATE_CLUSTER = 'private:Kafka:createCluster';

/** A cluster that belongs to no consumer or producer. */
export type OwnCluster = Cluster & {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
};

/** Makes a cluster of its own, not connected yet: kafkajs gives one to nobody. It makes no topic by asking for it. */
export function createCluster(kafka: Kafka): OwnCluster {
  const key = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  const create = key && (kafka as unknown as Record<symbol, ((options: object) => OwnCluster) | undefined>)[key];
  if (create === undefined) throw new Error('kafkajs makes its clusters in another way than it is known to');
  return create({ allowAutoTopicCreation: false });
}
