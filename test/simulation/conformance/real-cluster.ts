import { startCluster, type Cluster } from '../../../deploy/local/cluster.ts';
import { INITIAL_DELAY_MS, PASSWORD, USER } from './common-settings.ts';

/** Three real brokers that let everybody in, and one user more, who may do nothing that nobody has granted. */
export function startThreeBrokers(): Promise<Cluster> {
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  return startCluster({
    ...{ brokers: 3, registry: false },
    serverProperties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'group.initial.rebalance.delay.ms': String(INITIAL_DELAY_MS),
    },
    listeners: {
      SASL: {
        protocol: 'SASL_PLAINTEXT',
        properties: {
          'sasl.enabled.mechanisms': 'PLAIN',
          'plain.sasl.jaas.config': `${login} required user_${USER}="${PASSWORD}";`,
        },
      },
    },
  });
}
