import { closingId } from '../../core/closing-transactions.ts';
import type { RetryPolicy } from '../../core/retry-policy.ts';
import { Topology } from '../../core/topology.ts';
import { lookAtGateway } from '../../http/gateway-look.ts';
import type { SenderSettings } from '../../http/sender.ts';
import type { RegistrySettings } from '../../kafka/avro/registry.ts';
import type { KafkaSettings } from '../../kafka/kafkajs/client.ts';
import { checkBrokers } from './brokers.ts';
import { checkCertificates, type CertificateFile } from './certificates.ts';
import { warn, type Check } from './check.ts';
import { checkClientId, checkGateway } from './gateway.ts';
import { checkGroup, checkStart } from './group.ts';
import { lookAtKafka, type KafkaSeen } from './kafka.ts';
import { checkKeys, lookAtKeys } from './keys.ts';
import { checkRegistry, lookAtRegistry } from './registry.ts';
import { checkRights } from './rights.ts';
import { look, LOOK_MS } from './seen.ts';
import { checkSessionTimeout, checkTimeLimits, longestDelayMs } from './time-limits.ts';
import { checkTopics } from './topics.ts';
import { words } from './trouble.ts';

/** The settings that are examined. Durations in milliseconds. */
export interface Examined {
  readonly kafka: {
    readonly client: KafkaSettings;
    readonly group: { readonly groupId: string; readonly sessionTimeoutMs: number };
  };
  readonly source: {
    readonly topic: string;
    readonly startFrom: 'earliest' | 'latest';
    readonly createTopics: boolean;
    readonly replicationFactor: number;
  };
  readonly outcomes: { readonly topic?: string };
  readonly registry: RegistrySettings;
  readonly gateway: Pick<SenderSettings, 'url' | 'clientId' | 'ca' | 'timeoutMs'>;
  readonly keys: { readonly signingDir: string; readonly gatewayDir: string };
  readonly retry: RetryPolicy;
  readonly lifecycle: { readonly shutdownTimeoutMs: number };
  /** What a lane may take beyond its request when partitions are given back. */
  readonly barrierMarginMs: number;
}

/**
 * Looks at everything the service needs, side by side, each look for at most `LOOK_MS`, and judges it. It joins no group,
 * makes no topic, writes no record and sends no notification.
 *
 * @param now epoch milliseconds
 * @throws AbortError as soon as `signal` is aborted
 */
export async function examine(settings: Examined, now: () => number, signal: AbortSignal): Promise<Check[]> {
  const { kafka, source, outcomes, registry, gateway, keys, retry, lifecycle, barrierMarginMs } = settings;
  const topology = new Topology({ source: source.topic, tiers: retry.tiers, outcomes: outcomes.topic });
  const [kafkaSeen, registrySeen, gatewaySeen] = await Promise.all([
    lookAtKafka({ client: kafka.client, topology, groupId: kafka.group.groupId }, signal),
    lookAtRegistry(registry, source.topic, signal),
    look(() => lookAtGateway({ ...gateway, timeoutMs: LOOK_MS }, now, signal), signal),
  ]);
  const { sessionTimeoutMs } = kafka.group;
  return [
    ...checkTimeLimits({
      ...{ gatewayTimeoutMs: gateway.timeoutMs, barrierMarginMs, sessionTimeoutMs, retry },
      shutdownTimeoutMs: lifecycle.shutdownTimeoutMs,
    }),
    ...checkKafka(settings, kafkaSeen),
    ...checkRegistry(registrySeen),
    ...checkKeys(lookAtKeys(keys.signingDir, keys.gatewayDir)),
    ...checkCertificates(certificateFiles(kafka.client, gateway), now()),
    ...checkGateway(gateway.url, gatewaySeen, now()),
    checkClientId(gateway.url, gateway.clientId),
  ];
}

function checkKafka({ kafka, source, retry }: Examined, { brokers, inside }: KafkaSeen): Check[] {
  const reached = checkBrokers(brokers);
  if (inside === undefined) {
    const remedy = 'mend what is said of the brokers, then ask again';
    return [...reached, warn('topics, rights, group', 'not looked at: no broker let us in', remedy)];
  }
  const { topics, group, positions, mayClose, brokerConfig } = inside;
  const { groupId, sessionTimeoutMs } = kafka.group;
  const session = checkSessionTimeout(sessionTimeoutMs, brokerConfig);
  if ('unseen' in topics) {
    const remedy = 'ask again; look at the brokers if it stays';
    return [...reached, session, warn('topics, rights', `not known: ${words(topics.unseen)}`, remedy)];
  }
  const { seen } = topics;
  const own = seen.find(({ role }) => role === 'source')?.described;
  return [
    ...reached,
    session,
    ...checkTopics(seen, { ...source, longestDelayMs: longestDelayMs(retry), maxAgeMs: retry.maxAgeMs }),
    ...checkRights({
      ...{ topics: seen, groupId, group, user: kafka.client.sasl?.username },
      redrives: { transactionalId: closingId(groupId), mayWrite: mayClose },
    }),
    ...checkGroup(groupId, group),
    ...(own === undefined || own.error !== undefined
      ? []
      : checkStart({
          ...{ groupId, positions, source: source.topic, startFrom: source.startFrom },
          partitions: own.partitions.length,
        })),
  ];
}

function certificateFiles({ ssl }: KafkaSettings, { ca }: Pick<SenderSettings, 'ca'>): CertificateFile[] {
  const { ca: brokers, cert, key } = ssl === false ? {} : ssl;
  return [
    ...(brokers === undefined ? [] : [{ setting: 'KAFKA_SSL_CA_FILE', pem: brokers }]),
    ...(cert === undefined || key === undefined
      ? []
      : [{ setting: 'KAFKA_SSL_CERT_FILE', pem: cert, key: { setting: 'KAFKA_SSL_KEY_FILE', pem: key } }]),
    ...(ca === undefined ? [] : [{ setting: 'GATEWAY_CA_FILE', pem: ca }]),
  ];
}
