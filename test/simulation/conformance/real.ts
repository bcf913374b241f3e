import { once } from 'node:events';
import { connect } from 'node:net';
import type { Admin, Kafka } from 'kafkajs';
import { runKafkaTool } from '../../../deploy/local/kafka-tool.ts';
import { kafkajs } from '../../../src/kafka/kafkajs/patched.ts';
import { until } from '../../support/until.ts';
import { USER } from './common-settings.ts';
import { RawClient } from './raw-client.ts';
import type { Brokers } from './stage.ts';

/**
 * Real brokers as scripts are played to them.
 *
 * @param bootstrapServers `host:port` of each, in the order of their ids
 * @param guarded the same for those who have to prove who they are
 */
export function realBrokers(bootstrapServers: string, guarded = ''): Brokers {
  const addresses = { open: bootstrapServers.split(','), guarded: guarded.split(',') };
  const kafka = (clientId: string): Kafka =>
    new kafkajs.Kafka({ clientId, brokers: addresses.open, logLevel: kafkajs.logLevel.NOTHING });
  const asAdmin = async (act: (admin: Admin) => Promise<void>): Promise<void> => {
    const admin = kafka('admin').admin();
    await admin.connect();
    await act(admin).finally(() => admin.disconnect());
  };
  return {
    nodes: addresses.open.map((_, at) => at + 1),
    connect: async (node, clientId, isGuarded) => {
      const [host = '', port = ''] = (addresses[isGuarded ? 'guarded' : 'open'][node - 1] ?? '').split(':');
      const socket = connect({ host, port: Number(port) });
      await once(socket, 'connect');
      return new RawClient(socket, clientId);
    },
    kafka,
    grant: (operation, type, name) =>
      asAdmin(async (admin) => {
        const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
        const resource = type === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP;
        await admin.createAcls({
          acl: [
            {
              ...{ resourceType: resource, resourceName: name, resourcePatternType: ResourcePatternTypes.LITERAL },
              ...{ principal: `User:${USER}`, host: '*', permissionType: AclPermissionTypes.ALLOW },
              operation: AclOperationTypes[operation as keyof typeof AclOperationTypes],
            },
          ],
        });
      }),
    moveLeader: (topic, partition, to) =>
      asAdmin(async (admin) => {
        const led = async (): Promise<{ leader: number; replicas: number[] } | undefined> => {
          const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
          return topics[0]?.partitions.find(({ partitionId }) => partitionId === partition);
        };
        const others = ((await led())?.replicas ?? []).filter((node) => node !== to);
        const partitionAssignment = [{ partition, replicas: [to, ...others] }];
        await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
        const election = ['--election-type', 'preferred', '--topic', topic, '--partition', String(partition)];
        const args = ['--bootstrap-server', bootstrapServers, ...election];
        await runKafkaTool('org.apache.kafka.tools.LeaderElectionCommand', args);
        await until('the leader to move', async () => (await led())?.leader === to);
      }),
  };
}
