import type { Consumer, ConsumerConfig, Kafka, PartitionAssigner } from 'kafkajs';
import { hookGroupsOf, type GroupHooks } from './patches/group-hooks.ts';
import type { Cluster } from './types.ts';

/** A consumer whose groups go by hooks of ours, and its cluster, which kafkajs gives to nobody but its assigners. */
export function hookedConsumer(
  kafka: Kafka,
  config: ConsumerConfig,
  assigner: PartitionAssigner,
  hooks: GroupHooks,
): { consumer: Consumer; cluster: Cluster } {
  let cluster: Cluster | undefined;
  const hooked: PartitionAssigner = (made) => {
    cluster = made.cluster as unknown as Cluster;
    const own = assigner(made);
    hookGroupsOf(own, hooks);
    return own;
  };
  const consumer = kafka.consumer({ ...config, partitionAssigners: [hooked] });
  if (cluster === undefined) throw new Error('kafkajs makes its assigners later than it is known to');
  return { consumer, cluster };
}
