import type { Kafka } from 'kafkajs';
import {
  describeGroup,
  describeTopics,
  type DescribedCluster,
  type DescribedGroup,
  type Protocol,
} from '../kafkajs/described.ts';
import { errorType } from '../kafkajs/errors.ts';
import { boundaryOffsets, committedOffsets, partitionKey, type Partitions } from '../kafkajs/offsets.ts';
import { createCluster, type OwnCluster } from '../kafkajs/own-cluster.ts';
import { kafkajs } from '../kafkajs/patched.ts';

/** Settings of a topic or a broker, by name. */
export type ConfigValues = ReadonlyMap<string, string>;

/**
 * Looks at a cluster and changes nothing: it joins no group and makes no topic. Everything throws where the brokers do not
 * answer, or refuse it with an `errorType`.
 */
export interface Survey {
  /** The names of all topics that this user may see. */
  topicNames(): Promise<readonly string[]>;
  describe(topics: readonly string[]): Promise<DescribedCluster>;
  group(groupId: string): Promise<SurveyedGroup>;
  topicConfig(topic: string): Promise<ConfigValues>;
  brokerConfig(nodeId: number): Promise<ConfigValues>;
  /** How many partitions of each topic a group has an offset for, and how many hold a record. */
  positions(groupId: string, partitions: Partitions): Promise<ReadonlyMap<string, Position>>;
  /** Whether this user may write under a transactional id; asks for the end of a transaction that there cannot be. */
  mayWriteUnder(transactionalId: string): Promise<boolean>;
  close(): Promise<void>;
}

/** A group, and whether it is one of the newer group protocol: the older one says then that there is none. */
export type SurveyedGroup = DescribedGroup & { readonly elsewhere: boolean };

/** Of one topic, in partitions. */
export interface Position {
  readonly committed: number;
  readonly withRecords: number;
}

interface SendingBroker {
  readonly connectionPool: { send<T>(protocol: Protocol<T>): Promise<T> };
  findGroupCoordinator(query: { readonly groupId: string; readonly coordinatorType: number }): Promise<unknown>;
  listGroups(): Promise<{ readonly groups: readonly { readonly groupId: string }[] }>;
  endTxn(query: {
    readonly transactionalId: string;
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly transactionResult: boolean;
  }): Promise<unknown>;
  describeConfigs(query: { readonly resources: readonly { type: number; name: string }[] }): Promise<{
    resources: { configEntries: { configName: string; configValue: string }[] }[];
  }>;
}

/** Kafka's number for the coordinator of a group, beside that of a transaction. */
const GROUP = 0;

/** Connects to one of the brokers. Throws where none can be reached, or none lets us in. */
export async function openSurvey(kafka: Kafka): Promise<Survey> {
  const cluster = createCluster(kafka);
  await cluster.connect();
  // kafkajs takes a connection on which nobody has answered for a broker.
  await ask(await anyBroker(cluster), describeTopics([]));
  const { TOPIC, BROKER } = kafkajs.ConfigResourceTypes;
  return {
    topicNames: async () => {
      const { topics } = await ask(await anyBroker(cluster), describeTopics(undefined));
      return topics.map(({ topic }) => topic);
    },
    describe: async (topics) => ask(await anyBroker(cluster), describeTopics(topics)),
    group: async (groupId) => {
      await assertGroupMayBeSeen(await anyBroker(cluster), groupId);
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      const described = await ask(coordinator, describeGroup(groupId));
      if (described.state !== 'Dead') return { ...described, elsewhere: false };
      const { groups } = await (coordinator as unknown as SendingBroker).listGroups();
      return { ...described, elsewhere: groups.some((group) => group.groupId === groupId) };
    },
    topicConfig: async (topic) => configOf(await anyBroker(cluster), TOPIC, topic),
    brokerConfig: async (nodeId) => {
      await cluster.refreshMetadata();
      return configOf(await cluster.findBroker({ nodeId: String(nodeId) }), BROKER, String(nodeId));
    },
    positions: async (groupId, partitions) => {
      await cluster.addMultipleTargetTopics([...partitions.keys()]);
      const [committed, first, last] = await Promise.all([
        committedOffsets(cluster, groupId, partitions),
        boundaryOffsets(cluster, partitions, 'earliest'),
        boundaryOffsets(cluster, partitions, 'latest'),
      ]);
      const position = (keys: readonly string[]): Position => ({
        committed: keys.filter((key) => committed.has(key)).length,
        withRecords: keys.filter((key) => (last.get(key) ?? 0) > (first.get(key) ?? 0)).length,
      });
      return new Map(
        [...partitions].map(([topic, own]) => [topic, position(own.map((number) => partitionKey(topic, number)))]),
      );
    },
    mayWriteUnder: async (transactionalId) => mayWriteUnder(await anyBroker(cluster), transactionalId),
    close: () => cluster.disconnect(),
  };
}

/** Who may is refused for another reason: the producer is unknown, or another broker coordinates. */
async function mayWriteUnder(broker: unknown, transactionalId: string): Promise<boolean> {
  const ofNobody = { producerId: -1, producerEpoch: -1, transactionResult: false };
  try {
    await (broker as SendingBroker).endTxn({ transactionalId, ...ofNobody });
    return true;
  } catch (error) {
    const type = errorType(error);
    if (type === undefined) throw error;
    return type !== 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED';
  }
}

/** kafkajs says of whatever keeps it from a coordinator that there is none. */
async function assertGroupMayBeSeen(broker: unknown, groupId: string): Promise<void> {
  try {
    await (broker as SendingBroker).findGroupCoordinator({ groupId, coordinatorType: GROUP });
  } catch (error) {
    if (errorType(error) === 'GROUP_AUTHORIZATION_FAILED') throw error;
  }
}

async function anyBroker(cluster: OwnCluster): Promise<unknown> {
  const { brokerPool } = cluster as unknown as { brokerPool: { findConnectedBroker(): Promise<unknown> } };
  return brokerPool.findConnectedBroker();
}

function ask<T>(broker: unknown, protocol: Protocol<T>): Promise<T> {
  return (broker as SendingBroker).connectionPool.send(protocol);
}

async function configOf(broker: unknown, type: number, name: string): Promise<ConfigValues> {
  const { resources } = await (broker as SendingBroker).describeConfigs({ resources: [{ type, name }] });
  const entries = resources.flatMap(({ configEntries }) => configEntries);
  return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
}
