import kafkajs from 'kafkajs';
import { onTestFinished } from 'vitest';
import { startCluster, type Cluster } from '../../deploy/local/cluster.ts';
import { removeTemporaryFolders, temporaryFolder } from './keys.ts';
import type { World } from './world.ts';

const PASSWORD = 'broker-password-77d1';
const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';

/** An operation on a topic of a world, by its name behind the source's, or on the world's group. */
export type Right = readonly [operation: 'READ' | 'WRITE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS', on: string];

/** The right to be a member of the group. */
export const GROUP: Right = ['READ', 'group'];

/** A cluster that lets its users do what they are granted and nothing else, but for those of its plain listener. */
export function clusterWithRights(users: readonly string[]): Promise<Cluster> {
  const passwords = users.map((user) => `user_${user}="${PASSWORD}"`).join(' ');
  return startCluster({
    registry: false,
    serverProperties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
    listeners: {
      SASL: {
        protocol: 'SASL_PLAINTEXT',
        properties: { 'sasl.enabled.mechanisms': 'PLAIN', 'plain.sasl.jaas.config': `${PLAIN} required ${passwords};` },
      },
    },
  });
}

/** The settings by which a service is one of the cluster's users. */
export function asUser(cluster: Cluster, user: string): Record<string, string> {
  const files = temporaryFolder({ password: PASSWORD });
  onTestFinished(() => removeTemporaryFolders([files]));
  return {
    KAFKA_BROKERS: cluster.brokers[0]?.listeners['SASL'] ?? '',
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD_FILE: `${files}/password`,
  };
}

export async function grant(world: World, user: string, rights: readonly Right[]): Promise<void> {
  await world.admin.createAcls({ acl: rights.map((right) => aclOf(world, user, right)) });
}

export async function revoke(world: World, user: string, rights: readonly Right[]): Promise<void> {
  const filters = rights.map((right) => aclOf(world, user, right));
  await world.admin.deleteAcls({ filters });
}

function aclOf(world: World, user: string, [operation, on]: Right) {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  return {
    resourceType: on === 'group' ? AclResourceTypes.GROUP : AclResourceTypes.TOPIC,
    resourceName: on === 'group' ? world.group : world.topic(on),
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
  };
}
