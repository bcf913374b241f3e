import type { Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import { NO_LEADER, type Partition } from '../partition.ts';
import type { Parts } from '../parts.ts';
import type { Operation } from '../rights.ts';
import { configOf, TOPIC_DEFAULTS, type Topic } from '../topics.ts';

type Names = 'Metadata' | 'CreateTopics' | 'DeleteTopics' | 'CreatePartitions' | 'DescribeConfigs';

const TOPIC_RIGHTS: readonly Operation[] = [
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
];
const CLUSTER_RIGHTS: readonly Operation[] = [
  'CREATE',
  'ALTER',
  'DESCRIBE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
];
const NOT_SAID = -(2 ** 31);
const TOPIC_RESOURCE = 2;
const [TOPIC_SOURCE, DEFAULT_SOURCE] = [1, 5];
const NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/** Everything about topics that any broker answers. */
export function topicHandlers(parts: Parts): Pick<Handlers, Names> {
  const { nodes, topics, authorizer, groups } = parts;

  return {
    Metadata: (request, { principal }) => {
      const rightsOf = (name: string): number =>
        request.includeTopicAuthorizedOperations ? authorizer.bits(principal, TOPIC_RIGHTS, 'topic', name) : NOT_SAID;
      const may = (name: string): boolean => authorizer.allows(principal, 'DESCRIBE', 'topic', name);
      const unknown = (name: string, errorCode: number) => ({
        ...{ errorCode, name, isInternal: false, partitions: [], topicAuthorizedOperations: NOT_SAID },
      });
      const described = (topic: Topic) => ({
        ...{ errorCode: ERROR.NONE, name: topic.name, isInternal: topic.isInternal },
        partitions: topic.partitions.map((partition) => describedPartition(partition, nodes.isUp.bind(nodes))),
        topicAuthorizedOperations: rightsOf(topic.name),
      });
      const names = request.topics?.map(({ name }) => name) ?? topics.all().map(({ name }) => name);
      const all = request.topics === null ? names.filter(may) : names;
      return {
        throttleTimeMs: 0,
        brokers: nodes.up.map((nodeId) => ({ nodeId, ...nodes.address(nodeId), rack: null })),
        ...{ clusterId: 'simulated', controllerId: nodes.controller },
        topics: all.map((name) => {
          if (!may(name)) return unknown(name, ERROR.TOPIC_AUTHORIZATION_FAILED);
          const topic = topics.get(name);
          if (topic !== undefined) return described(topic);
          return unknown(name, NAME.test(name) ? ERROR.UNKNOWN_TOPIC_OR_PARTITION : ERROR.INVALID_TOPIC_EXCEPTION);
        }),
        clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
          ? authorizer.bits(principal, CLUSTER_RIGHTS, 'cluster')
          : NOT_SAID,
      };
    },

    CreateTopics: ({ topics: wanted, validateOnly }, { principal }) => ({
      throttleTimeMs: 0,
      topics: wanted.map((one) => {
        const { name, numPartitions: partitions, replicationFactor, assignments } = one;
        const refuse = (errorCode: number, errorMessage: string) => ({ name, errorCode, errorMessage });
        if (
          !authorizer.allows(principal, 'CREATE', 'cluster') &&
          !authorizer.allows(principal, 'CREATE', 'topic', name)
        )
          return refuse(ERROR.TOPIC_AUTHORIZATION_FAILED, 'Authorization failed.');
        if (topics.get(name) !== undefined)
          return refuse(ERROR.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
        if (!NAME.test(name))
          return refuse(
            ERROR.INVALID_TOPIC_EXCEPTION,
            `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`,
          );
        if (assignments.length === 0 && partitions !== -1 && partitions <= 0)
          return refuse(ERROR.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.');
        const replicas = replicationFactor === -1 ? Math.min(3, nodes.ids.length) : replicationFactor;
        if (assignments.length === 0 && replicas <= 0)
          return refuse(
            ERROR.INVALID_REPLICATION_FACTOR,
            'Replication factor must be larger than 0, or -1 to use the default value.',
          );
        if (assignments.length === 0 && replicas > nodes.up.length)
          return refuse(
            ERROR.INVALID_REPLICATION_FACTOR,
            `Unable to replicate the partition ${replicas} time(s): The target replication factor of ${replicas} cannot be reached because only ${nodes.up.length} broker(s) are registered or some brokers have all their log directories cordoned.`,
          );
        const unknown = one.configs.find((config) => !(config.name in TOPIC_DEFAULTS) && !KNOWN.has(config.name));
        if (unknown !== undefined) return refuse(ERROR.INVALID_CONFIG, `Unknown topic config name: ${unknown.name}`);
        if (!validateOnly) {
          const configs = one.configs.filter((config) => config.value !== null) as { name: string; value: string }[];
          topics.create(name, {
            ...{ partitions: partitions === -1 ? 1 : partitions, replicas },
            configs: Object.fromEntries(configs.map((config) => [config.name, config.value])),
            assignments: assignments.map(({ brokerIds }) => brokerIds),
          });
        }
        return { name, errorCode: ERROR.NONE, errorMessage: null };
      }),
    }),

    DeleteTopics: ({ topicNames }, { principal }) => ({
      throttleTimeMs: 0,
      responses: topicNames.map((name) => {
        if (!authorizer.allows(principal, 'DELETE', 'topic', name))
          return { name, errorCode: ERROR.TOPIC_AUTHORIZATION_FAILED };
        if (topics.get(name) === undefined) return { name, errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION };
        topics.delete(name);
        groups.forgetTopic(name);
        return { name, errorCode: ERROR.NONE };
      }),
    }),

    CreatePartitions: ({ topics: wanted, validateOnly }, { principal }) => ({
      throttleTimeMs: 0,
      results: wanted.map(({ name, count, assignments }) => {
        const refuse = (errorCode: number, errorMessage: string | null) => ({ name, errorCode, errorMessage });
        if (!authorizer.allows(principal, 'ALTER', 'topic', name))
          return refuse(ERROR.TOPIC_AUTHORIZATION_FAILED, 'Authorization failed.');
        const topic = topics.get(name);
        if (topic === undefined) return refuse(ERROR.UNKNOWN_TOPIC_OR_PARTITION, null);
        const { length } = topic.partitions;
        if (count === length) return refuse(ERROR.INVALID_PARTITIONS, `Topic already has ${count} partition(s).`);
        if (count < length) {
          return refuse(
            ERROR.INVALID_PARTITIONS,
            `The topic ${name} currently has ${length} partition(s); ${count} would not be an increase.`,
          );
        }
        if (!validateOnly)
          topics.addPartitions(
            topic,
            count,
            assignments?.map(({ brokerIds }) => brokerIds),
          );
        return refuse(ERROR.NONE, null);
      }),
    }),

    DescribeConfigs: ({ resources, includeSynonyms }, { principal }) => ({
      throttleTimeMs: 0,
      results: resources.map(({ type, name, keys }) => {
        const refuse = (errorCode: number, errorMessage: string) => ({
          ...{ errorCode, errorMessage, type, name, configs: [] },
        });
        if (type !== TOPIC_RESOURCE) return refuse(ERROR.INVALID_REQUEST, 'only topics are described here');
        if (!authorizer.allows(principal, 'DESCRIBE_CONFIGS', 'topic', name))
          return refuse(ERROR.TOPIC_AUTHORIZATION_FAILED, 'Topic authorization failed.');
        const topic = topics.get(name);
        if (topic === undefined) return refuse(ERROR.UNKNOWN_TOPIC_OR_PARTITION, '');
        const configs = Object.keys(TOPIC_DEFAULTS)
          .filter((key) => keys === null || keys.includes(key))
          .map((key) => describedConfig(topic, key, includeSynonyms));
        return { errorCode: ERROR.NONE, errorMessage: '', type, name, configs };
      }),
    }),
  };
}

/** Settings that may be given and that nothing here depends on. */
const KNOWN = new Set([
  'compression.type',
  'delete.retention.ms',
  'file.delete.delay.ms',
  'flush.messages',
  'flush.ms',
  'index.interval.bytes',
  'max.compaction.lag.ms',
  'message.timestamp.before.max.ms',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
  'preallocate',
  'segment.bytes',
  'segment.index.bytes',
  'segment.jitter.ms',
  'segment.ms',
  'unclean.leader.election.enable',
]);

function describedConfig(topic: Topic, name: string, withSynonyms: boolean) {
  const value = configOf(topic, name);
  const standard = { name, value: TOPIC_DEFAULTS[name] ?? null, source: DEFAULT_SOURCE };
  const source = topic.configs.has(name) ? TOPIC_SOURCE : DEFAULT_SOURCE;
  const own = source === TOPIC_SOURCE ? [{ name, value, source }] : [];
  return { name, value, readOnly: false, source, isSensitive: false, synonyms: withSynonyms ? [...own, standard] : [] };
}

function describedPartition(partition: Partition, isUp: (node: number) => boolean) {
  const { index, leader, leaderEpoch, replicas, inSync } = partition;
  return {
    errorCode: leader === NO_LEADER ? ERROR.LEADER_NOT_AVAILABLE : ERROR.NONE,
    ...{ index, leaderId: leader, leaderEpoch, replicaNodes: replicas, isrNodes: inSync },
    offlineReplicas: replicas.filter((node) => !isUp(node)),
  };
}
