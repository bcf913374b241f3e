import { errorType } from './errors.ts';
import type { Operation } from './described.ts';

/** What the words of an error ask of an operator; the first that fits. */
const BROKER_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, 'check the names in KAFKA_BROKERS, and that this machine can resolve them'],
  [/^SASL/, 'check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE'],
  [/alert/, 'the brokers do not take our certificate: check KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE'],
  [/expired|not yet valid/, "renew the broker's certificate, and check the clock of this machine"],
  [/altnames/, 'name the brokers in KAFKA_BROKERS and in their advertised.listeners as their certificates do'],
  [/certificate/, "set KAFKA_SSL_CA_FILE to the authority that signed the brokers' certificates"],
  [
    /group coordinator/,
    'check that this user may read the group KAFKA_GROUP_ID (READ on GROUP), and that its coordinator is up',
  ],
  [
    /Closed connection|before secure TLS|SSL routines/,
    'check that KAFKA_BROKERS are up, and that KAFKA_SSL and KAFKA_SASL_* are what these listeners ask for',
  ],
];

/** What to allow where a broker refuses something for want of a right. */
const FORBIDDEN_REMEDIES = new Map([
  [
    'TOPIC_AUTHORIZATION_FAILED',
    'let this user READ the source and READ and WRITE what belongs to it: see Rights in README.md',
  ],
  [
    'GROUP_AUTHORIZATION_FAILED',
    'let this user READ the group KAFKA_GROUP_ID (kafka-acls --add --operation READ --group …)',
  ],
  [
    'CLUSTER_AUTHORIZATION_FAILED',
    'let this user IDEMPOTENT_WRITE on the cluster, and CREATE there where CREATE_TOPICS=true',
  ],
]);

/** What an operator can do where no broker serves us. */
export function brokerRemedy(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const forbidden = FORBIDDEN_REMEDIES.get(errorType(error) ?? '');
  if (forbidden !== undefined) return forbidden;
  const known = BROKER_REMEDIES.find(([words]) => words.test(message));
  return known?.[1] ?? 'check KAFKA_BROKERS and that they are up';
}

/** One line that names rights and topic. */
export function notAllowed(operations: readonly Operation[], topic: string): string {
  const rights = operations.join(' and ');
  return `this user may not ${rights} the topic ${topic}: let it (kafka-acls --add ${options(operations)} --topic ${topic})`;
}

function options(operations: readonly Operation[]): string {
  return operations.map((operation) => `--operation ${operation}`).join(' ');
}
