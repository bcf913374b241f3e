import type { Kafka } from 'kafkajs';
import { READ_COMMITTED } from './fetched.ts';
import './patched.ts';
import type { Cluster } from './types.ts';

/** A cluster that is connected, and closed, by who made it. */
export interface OwnCluster extends Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

const CREATE_CLUSTER = 'private:Kafka:createCluster';

/** What kafkajs gives to its consumers and producers, for requests that belong to none of them. */
export function createCluster(kafka: Kafka): OwnCluster {
  const make = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  const create =
    make === undefined ? undefined : (kafka as unknown as Record<symbol, (options: object) => OwnCluster>)[make];
  if (create === undefined) throw new Error('kafkajs makes its clusters in another way');
  return create.call(kafka, { allowAutoTopicCreation: false, isolationLevel: READ_COMMITTED });
}
