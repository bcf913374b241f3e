import { once } from 'node:events';
import { connect } from 'node:net';
import { runKafkaTool } from '../../../deploy/local/kafka-tool.ts';
import { kafkajs } from '../../../src/kafka/kafkajs/patched.ts';
import { until } from '../../support/until.ts';
import { RawClient } from './raw-client.ts';
import type { Brokers } from './stage.ts';

/** Real brokers as scripts are played to them. @param bootstrapServers `host:port` of each, in the order of their ids */
export function realBrokers(bootstrapServers: string): Brokers {
  const addresses = bootstrapServers.split(',');
  const kafka = (clientId: string) =>
    new kafkajs.Kafka({ clientId, brokers: addresses, logLevel: kafkajs.logLevel.NOTHING });
  return {
    nodes: addresses.map((_, at) => at + 1),
    kafka,
    connect: async (node, clientId) => {
      const [host = '', port = ''] = (addresses[node - 1] ?? '').split(':');
      const socket = connect({ host, port: Number(port) });
      await once(socket, 'connect');
      return new RawClient(socket, clientId);
    },
    moveLeader: async (topic, partition, to) => {
      const admin = kafka('mover').admin();
      await admin.connect();
      try {
        const leads = async (): Promise<{ leader: number; replicas: number[] } | undefined> => {
          const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
          return topics[0]?.partitions.find(({ partitionId }) => partitionId === partition);
        };
        const replicas = (await leads())?.replicas ?? [];
        const first = [to, ...replicas.filter((node) => node !== to)];
        await admin.alterPartitionReassignments({
          topics: [{ topic, partitionAssignment: [{ partition, replicas: first }] }],
        });
        const election = ['--election-type', 'preferred', '--topic', topic, '--partition', String(partition)];
        await runKafkaTool('org.apache.kafka.tools.LeaderElectionCommand', [
          ...['--bootstrap-server', bootstrapServers, ...election],
        ]);
        await until('the leader to move', async () => (await leads())?.leader === to);
      } finally {
        await admin.disconnect();
      }
    },
  };
}
