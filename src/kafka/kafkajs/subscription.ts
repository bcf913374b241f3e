import { describeTopics, type DescribedCluster, type Protocol } from './described.ts';
import { UNKNOWN_TOPIC } from './errors.ts';
import type { Cluster, ConsumerGroup } from './types.ts';

/** What a group subscribes to, and how it reads a topic without offsets; kafkajs fixes both before the first join. */
interface Subscription {
  topicsSubscribed: readonly string[];
  readonly topicConfigurations: Record<string, { readonly fromBeginning: boolean } | undefined>;
}

/** From its next join on the group subscribes to these topics. */
export function subscribe(group: ConsumerGroup, topics: readonly string[]): void {
  const subscription = group as unknown as Subscription;
  subscription.topicsSubscribed = [...topics];
  for (const topic of topics) subscription.topicConfigurations[topic] ??= { fromBeginning: true };
}

interface Parts {
  readonly brokerPool: {
    findConnectedBroker(): Promise<{ connectionPool: { send<T>(protocol: Protocol<T>): Promise<T> } }>;
  };
}

/** The names of all topics that there are and that this user may see. */
export async function topicNames(cluster: Cluster): Promise<string[]> {
  const broker = await (cluster as unknown as Parts).brokerPool.findConnectedBroker();
  const { topics } = await broker.connectionPool.send<DescribedCluster>(describeTopics(undefined));
  return topics.filter(({ error }) => error !== UNKNOWN_TOPIC).map(({ topic }) => topic);
}
