import { runKafkaTool } from '../../deploy/local/kafka-tool.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** Lets the next replica of every partition of the source lead. */
export async function moveLeaders(world: World, round: number): Promise<void> {
  const { topics } = await world.admin.fetchTopicMetadata({ topics: [world.source] });
  const partitions = topics[0]?.partitions ?? [];
  await world.admin.alterPartitionReassignments({
    topics: [
      {
        topic: world.source,
        partitionAssignment: partitions.map(({ partitionId, replicas }) => ({
          partition: partitionId,
          replicas: [...replicas.slice(1), ...replicas.slice(0, 1)],
        })),
      },
    ],
  });
  const brokers = world.settings['KAFKA_BROKERS'] ?? '';
  const election = ['--bootstrap-server', brokers, '--election-type', 'preferred', '--all-topic-partitions'];
  await runKafkaTool('org.apache.kafka.tools.LeaderElectionCommand', election);
  await until(`leaders to move, round ${String(round)}`, async () => {
    const after = (await world.admin.fetchTopicMetadata({ topics: [world.source] })).topics[0]?.partitions ?? [];
    return after.every(
      ({ partitionId, leader }) => leader !== partitions.find((before) => before.partitionId === partitionId)?.leader,
    );
  });
}

/** Gives the source this many partitions. */
export async function addPartitions(world: World, count: number): Promise<void> {
  await world.admin.createPartitions({ topicPartitions: [{ topic: world.source, count }] });
  world.partitions = count;
}
