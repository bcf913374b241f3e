import type { Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { Parts } from '../parts.ts';
import { isTopicName } from '../topic-names.ts';
import { isTopicConfig } from '../topic-configs.ts';

/** Makes topics, adds partitions to them, and deletes them. */
export function topicHandlers(parts: Parts): Pick<Handlers, 'CreateTopics' | 'DeleteTopics' | 'CreatePartitions'> {
  const { nodes, topics, authorizer, groups } = parts;

  return {
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
        if (!isTopicName(name))
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
        const unknown = one.configs.find((config) => !isTopicConfig(config.name));
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
          return refuse(ERROR.TOPIC_AUTHORIZATION_FAILED, null);
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
  };
}
