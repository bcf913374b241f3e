import type { Caller, Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { Response } from '../messages/apis.ts';
import type { KnownPartition, KnownTopic } from '../news.ts';
import { NO_LEADER } from '../partition.ts';
import type { Parts } from '../parts.ts';
import type { Operation } from '../rights.ts';
import { isTopicName } from '../topic-names.ts';

type DescribedTopic = Response<'Metadata'>['topics'][number];

const TOPIC_RIGHTS: readonly Operation[] = [
  ...(['READ', 'WRITE', 'CREATE', 'DELETE', 'ALTER', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'] as const),
];
const CLUSTER_RIGHTS: readonly Operation[] = [
  ...(['CREATE', 'ALTER', 'DESCRIBE', 'CLUSTER_ACTION', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'] as const),
  'IDEMPOTENT_WRITE',
];
/** Stands for rights that nobody asked for. */
const NOT_SAID = -(2 ** 31);

/** Which topics and brokers there are, as far as the one that is asked has heard. */
export function metadataHandlers({ nodes, news, authorizer }: Parts): Pick<Handlers, 'Metadata'> {
  const mayDescribe = ({ principal }: Caller, name: string): boolean =>
    authorizer.allows(principal, 'DESCRIBE', 'topic', name);

  return {
    Metadata: (request, caller) => {
      const { brokers, topics } = news.of(caller.node);
      const rightsOf = (name: string): number =>
        request.includeTopicAuthorizedOperations
          ? authorizer.bits(caller.principal, TOPIC_RIGHTS, 'topic', name)
          : NOT_SAID;
      const described = (name: string): DescribedTopic => {
        const topic = topics.get(name);
        if (!mayDescribe(caller, name)) return unknown(name, ERROR.TOPIC_AUTHORIZATION_FAILED);
        if (topic !== undefined) return describedTopic(topic, brokers, rightsOf(name));
        return unknown(name, isTopicName(name) ? ERROR.UNKNOWN_TOPIC_OR_PARTITION : ERROR.INVALID_TOPIC_EXCEPTION);
      };
      const all = [...topics.keys()].filter((name) => mayDescribe(caller, name));
      return {
        throttleTimeMs: 0,
        brokers: brokers.map((nodeId) => ({ nodeId, ...nodes.address(nodeId), rack: null })),
        ...{ clusterId: 'simulated', controllerId: nodes.controller },
        topics: (request.topics?.map(({ name }) => name) ?? all).map(described),
        clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
          ? authorizer.bits(caller.principal, CLUSTER_RIGHTS, 'cluster')
          : NOT_SAID,
      };
    },
  };
}

function unknown(name: string, errorCode: number): DescribedTopic {
  return { errorCode, name, isInternal: false, partitions: [], topicAuthorizedOperations: NOT_SAID };
}

function describedTopic(topic: KnownTopic, brokers: readonly number[], rights: number): DescribedTopic {
  const { name, isInternal, partitions } = topic;
  return {
    ...{ errorCode: ERROR.NONE, name, isInternal, topicAuthorizedOperations: rights },
    partitions: partitions.map((partition) => describedPartition(partition, brokers)),
  };
}

function describedPartition(partition: KnownPartition, brokers: readonly number[]) {
  const { index, leader, leaderEpoch, replicas, inSync } = partition;
  return {
    errorCode: leader === NO_LEADER ? ERROR.LEADER_NOT_AVAILABLE : ERROR.NONE,
    ...{ index, leaderId: leader, leaderEpoch, replicaNodes: replicas, isrNodes: inSync },
    offlineReplicas: replicas.filter((node) => !brokers.includes(node)),
  };
}
