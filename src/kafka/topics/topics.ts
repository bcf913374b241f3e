import type { Admin, Kafka } from 'kafkajs';
import kafkajs from 'kafkajs';
import type { Topology } from '../../core/topology.ts';
import type { TopicSet } from '../group/assigner.ts';
import { errorType } from '../kafkajs/client.ts';

/** What has to exist beside the source. */
export interface TopicSettings {
  readonly topology: Topology;
  /** Make what is missing. */
  readonly create: boolean;
  /** Of topics that are made. */
  readonly replicationFactor: number;
}

/** What was found, and made. */
export interface Topics extends TopicSet {
  /** Each one line with its remedy; the service must not start. */
  readonly problems: readonly string[];
  /** Each one line with its remedy; the service can start. */
  readonly warnings: readonly string[];
  /** Names of topics that were made or given partitions. */
  readonly made: readonly string[];
}

/** Room for the headers that a record gains on its way. */
const HEADROOM_BYTES = 65_536;
const DAY_MS = 86_400_000;
const RETENTION_MS = { retry: 14 * DAY_MS, deadLetter: 90 * DAY_MS, outcomes: 730 * DAY_MS };

/** Why a broker will not make a topic, however often it is asked. */
const REMEDIES = new Map([
  ['INVALID_REPLICATION_FACTOR', 'set TOPIC_REPLICATION_FACTOR to no more than there are brokers'],
  ['TOPIC_AUTHORIZATION_FAILED', 'let this user create it, or make it and set CREATE_TOPICS=false'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'let this user create topics, or make it and set CREATE_TOPICS=false'],
  ['POLICY_VIOLATION', "make it as the cluster's policy asks and set CREATE_TOPICS=false"],
  ['INVALID_CONFIG', 'make it by hand and set CREATE_TOPICS=false'],
]);

interface Wanted {
  readonly topic: string;
  readonly retentionMs: number;
}

/** Checks the topics, and makes what is missing where that is allowed. Throws where the brokers do not answer. */
export async function prepareTopics(kafka: Kafka, settings: TopicSettings): Promise<Topics> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await inspect(admin, settings);
  } finally {
    await admin.disconnect();
  }
}

/** How long each topic keeps its records, in milliseconds; negative = for ever. */
export async function retentionMs(kafka: Kafka, topics: readonly string[]): Promise<Record<string, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return Object.fromEntries(await configValues(admin, [...new Set(topics)], 'retention.ms'));
  } finally {
    await admin.disconnect();
  }
}

async function inspect(admin: Admin, settings: TopicSettings): Promise<Topics> {
  const { topology, create } = settings;
  const { source, counterparts } = topology;
  const wanted = wantedTopics(topology);
  const existing = await admin.listTopics();
  const drained = existing.filter((topic) => topology.roleOf(topic) === 'retry');
  const found: Topics = {
    topology,
    read: [...new Set([source, ...topology.retryTopics, ...drained])],
    problems: [],
    warnings: [],
    made: [],
  };
  if (!existing.includes(source)) {
    return { ...found, problems: [`SOURCE_TOPIC: the topic ${source} does not exist; make it, or name the right one`] };
  }
  const missing = wanted.filter(({ topic }) => !existing.includes(topic));
  if (missing.length > 0 && !create) {
    const problems = missing.map(
      ({ topic }) =>
        `the topic ${topic} does not exist; make it with the source's partition count, or set CREATE_TOPICS=true`,
    );
    return { ...found, problems };
  }

  const partitions = await partitionCounts(
    admin,
    existing.filter((topic) => topic === source || counterparts.includes(topic)),
  );
  const sourceCount = partitions.get(source) ?? 0;
  const largest = await configValues(admin, [...partitions.keys()], 'max.message.bytes');
  const sourceLargest = largest.get(source) ?? 0;
  const { made, problems } = await createAll(admin, missing, sourceCount, sourceLargest, settings.replicationFactor);
  if (problems.length > 0) return { ...found, problems, made };

  const short = counterparts.filter((topic) => (partitions.get(topic) ?? sourceCount) < sourceCount);
  if (create) made.push(...(await grow(admin, short, sourceCount)));
  const warnings = [
    ...(create ? [] : short).map(
      (topic) =>
        `the topic ${topic} has ${partitions.get(topic) ?? 0} partitions and ${source} has ${sourceCount}: source ` +
        `partitions without a counterpart are not read; add partitions to ${topic}, or set CREATE_TOPICS=true`,
    ),
    ...counterparts
      .filter((topic) => (largest.get(topic) ?? Number.POSITIVE_INFINITY) < sourceLargest + HEADROOM_BYTES)
      .map(
        (topic) =>
          `the topic ${topic} takes records of ${largest.get(topic) ?? 0} bytes, ${source} of ${sourceLargest}: set its ` +
          `max.message.bytes to ${sourceLargest + HEADROOM_BYTES} or more, or large records lose their value`,
      ),
  ];
  return { ...found, warnings, made };
}

function wantedTopics({ retryTopics, deadLetters, outcomes }: Topology): Wanted[] {
  const wanted = retryTopics.map((topic) => ({ topic, retentionMs: RETENTION_MS.retry }));
  wanted.push({ topic: deadLetters, retentionMs: RETENTION_MS.deadLetter });
  if (outcomes !== undefined) wanted.push({ topic: outcomes, retentionMs: RETENTION_MS.outcomes });
  return wanted;
}

async function createAll(
  admin: Admin,
  missing: readonly Wanted[],
  numPartitions: number,
  sourceLargest: number,
  replicationFactor: number,
): Promise<{ made: string[]; problems: string[] }> {
  const made: string[] = [];
  const problems: string[] = [];
  for (const { topic, retentionMs } of missing) {
    const configEntries = [
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'retention.ms', value: String(retentionMs) },
      { name: 'max.message.bytes', value: String(sourceLargest + HEADROOM_BYTES) },
    ];
    try {
      await admin.createTopics({
        topics: [{ topic, numPartitions, replicationFactor, configEntries }],
        waitForLeaders: true,
      });
      made.push(topic);
    } catch (error) {
      const type = errorType(error) ?? '';
      const remedy = REMEDIES.get(type);
      if (remedy !== undefined) problems.push(`the topic ${topic} cannot be made (${type}): ${remedy}`);
      // Another member was faster.
      else if (type !== 'TOPIC_ALREADY_EXISTS') throw error;
    }
  }
  return { made, problems };
}

async function grow(admin: Admin, topics: readonly string[], count: number): Promise<string[]> {
  for (const topic of topics) {
    try {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    } catch (error) {
      // Another member was faster.
      if (errorType(error) !== 'INVALID_PARTITIONS') throw error;
    }
  }
  return [...topics];
}

async function partitionCounts(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
  return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
}

async function configValues(admin: Admin, topics: readonly string[], name: string): Promise<Map<string, number>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((topic) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic,
      configNames: [name],
    })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Number(configEntries.find(({ configName }) => configName === name)?.configValue ?? 0),
    ]),
  );
}
