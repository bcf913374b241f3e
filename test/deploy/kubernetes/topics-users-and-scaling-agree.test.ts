import { beforeAll, describe, expect, it } from 'vitest';
import { Topology } from '../../../src/core/topology.ts';
import { HEADROOM_BYTES } from '../../../src/kafka/topics/create.ts';
import { wantedTopics } from '../../../src/kafka/topics/wanted.ts';
import { SETTINGS } from '../../../src/settings/table.ts';
import { all, built, settingsOf, podOf, the, type Manifest, type Settings } from './manifests.ts';

/** Keys of KEDA's `kafka` trigger (2.20 to 2.22). The scaler ignores any other without a word. */
const TRIGGER_KEYS = [
  ...['bootstrapServers', 'consumerGroup', 'topic', 'lagThreshold', 'activationLagThreshold', 'offsetResetPolicy'],
  ...[
    'allowIdleConsumers',
    'scaleToZeroOnInvalidOffset',
    'excludePersistentLag',
    'limitToPartitionsWithLag',
    'version',
  ],
  ...['ensureEvenDistributionOfPartitions', 'partitionLimitation', 'sasl', 'tls', 'unsafeSsl', 'saslTokenProvider'],
];

/** Kafka's own default of `max.message.bytes`, which the source is taken to have. */
const LARGEST_BY_DEFAULT = 1_048_588;

let prod: readonly Manifest[];
let kafka: readonly Manifest[];
let settings: Settings;
let topology: Topology;

beforeAll(async () => {
  [prod, kafka] = await Promise.all([built('overlays/prod'), built('overlays/prod/kafka')]);
  settings = settingsOf(prod).data;
  topology = new Topology({
    source: setting('SOURCE_TOPIC'),
    tiers: SETTINGS.RETRY_DELAYS.schema.parse(setting('RETRY_DELAYS')),
    outcomes: settings['OUTCOMES_TOPIC'],
  });
});

function setting(name: 'SOURCE_TOPIC' | 'RETRY_DELAYS' | 'KAFKA_GROUP_ID'): string {
  const { absent } = SETTINGS[name];
  return settings[name] ?? (absent.kind === 'default' ? absent.text : '');
}

describe('topics', () => {
  it('are those that the service needs beside its source, each with as many partitions', () => {
    const topics = all(kafka, 'KafkaTopic');
    const names = topics.map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual([...topology.counterparts, topology.outcomes ?? ''].sort());
    expect(new Set(topics.map(({ spec }) => spec.partitions)).size).toBe(1);
  });

  it('outlive their objects where somebody prunes, and lose no record to one broker', () => {
    for (const { metadata, spec } of all(kafka, 'KafkaTopic')) {
      expect(metadata.annotations).toMatchObject({
        'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
        'kustomize.toolkit.fluxcd.io/prune': 'disabled',
      });
      expect([spec.replicas, spec.config['min.insync.replicas'], spec.config['cleanup.policy']]).toEqual([
        3,
        2,
        'delete',
      ]);
    }
  });
});

describe('what topics keep', () => {
  it('is what the service gives topics that it makes itself', () => {
    const topics = all(kafka, 'KafkaTopic').map(({ metadata, spec }) => [metadata.name, spec.config['retention.ms']]);
    const wanted = wantedTopics(topology).map(({ topic, retentionMs }) => [topic, retentionMs]);
    expect(Object.fromEntries(topics)).toEqual(Object.fromEntries(wanted));
    for (const { spec } of all(kafka, 'KafkaTopic')) {
      expect(spec.config['max.message.bytes']).toBe(LARGEST_BY_DEFAULT + HEADROOM_BYTES);
    }
  });
});

describe('users', () => {
  it('may touch no topic, no group and no transactions that are not ours', () => {
    const topics = [topology.source, ...topology.counterparts, topology.outcomes ?? ''];
    for (const { spec } of all(kafka, 'KafkaUser')) {
      for (const { resource } of spec.authorization.acls) {
        const { type, name, patternType } = resource;
        if (type !== 'topic')
          expect([name.replace(/\.(replay|redrive)$/, ''), patternType]).toEqual([
            setting('KAFKA_GROUP_ID'),
            'literal',
          ]);
        else if (patternType === 'literal') expect(topics).toContain(name);
        else expect(topics.some((topic) => topic.startsWith(name) && topology.roleOf(topic) === 'retry')).toBe(true);
      }
    }
  });

  it('are the ones that the service and KEDA log in as, at the cluster they are made for', () => {
    const clusters = new Set(kafka.map(({ metadata }) => metadata.labels?.['strimzi.io/cluster']));
    expect(clusters.size).toBe(1);
    const [cluster = ''] = clusters;
    const brokers = `${cluster}-kafka-bootstrap.${kafka[0]?.metadata.namespace ?? ''}.svc:9093`;
    const trigger = the(prod, 'ScaledObject').spec.triggers[0];
    expect([settings['KAFKA_BROKERS'], trigger?.metadata['bootstrapServers']]).toEqual([brokers, brokers]);

    const users = all(kafka, 'KafkaUser').map(({ metadata }) => metadata.name);
    const username = the(prod, 'ConfigMap', /keda$/).data?.['username'];
    expect(users).toEqual(expect.arrayContaining([settings['KAFKA_SASL_USERNAME'], username]));
    const secrets = secretsOf(prod);
    expect(secrets).toEqual(
      expect.arrayContaining([`${cluster}-cluster-ca-cert`, settings['KAFKA_SASL_USERNAME'], username]),
    );
  });
});

describe('scaling', () => {
  it('has only trigger keys that KEDA knows, all of them strings', () => {
    const { triggers } = the(prod, 'ScaledObject').spec;
    expect(triggers.map(({ type }) => type)).toEqual(['kafka']);
    for (const [key, value] of Object.entries(triggers[0]?.metadata ?? {})) {
      expect(TRIGGER_KEYS).toContain(key);
      expect(typeof value).toBe('string');
    }
  });

  it('looks at the source and the group of the service, with the cache and the window that make it safe', () => {
    const { triggers, advanced } = the(prod, 'ScaledObject').spec;
    expect(triggers[0]).toMatchObject({
      useCachedMetrics: true,
      metadata: {
        topic: topology.source,
        consumerGroup: setting('KAFKA_GROUP_ID'),
        excludePersistentLag: 'true',
        limitToPartitionsWithLag: 'true',
        offsetResetPolicy: 'earliest',
      },
    });
    const { scaleUp, scaleDown } = advanced?.horizontalPodAutoscalerConfig?.behavior ?? {};
    expect(scaleUp?.stabilizationWindowSeconds).toBeGreaterThan(30);
    expect(scaleDown?.stabilizationWindowSeconds).toBeGreaterThanOrEqual(900);
  });

  it('never makes more members than there are partitions, nor fewer than three', () => {
    const { minReplicaCount = 0, maxReplicaCount = 0 } = the(prod, 'ScaledObject').spec;
    const partitions = all(kafka, 'KafkaTopic').map(({ spec }) => spec.partitions);
    expect(maxReplicaCount).toBeLessThanOrEqual(Math.min(...partitions));
    expect(minReplicaCount).toBe(3);
  });

  it('is the only one that says how many members there are', () => {
    const deployment = the(prod, 'Deployment');
    expect(deployment.spec?.replicas).toBeUndefined();
    expect(the(prod, 'ScaledObject').spec.scaleTargetRef.name).toBe(deployment.metadata.name);
  });
});

/** Every Secret that somebody has to make. */
function secretsOf(manifests: readonly Manifest[]): string[] {
  const { volumes = [] } = podOf(manifests);
  const { secretTargetRef = [] } = the(manifests, 'TriggerAuthentication').spec;
  return [...volumes.flatMap(({ secret }) => secret?.secretName ?? []), ...secretTargetRef.map(({ name }) => name)];
}
