import type { Admin, Kafka } from 'kafkajs';
import type { Topology } from '../../core/topology.ts';
import type { TopicSet } from '../group/assigner.ts';
import { configValues } from './config-values.ts';
import { createAll, grow, HEADROOM_BYTES } from './create.ts';
import { outcomesLimit, tooSmall } from './size-limits.ts';
import { wantedTopics } from './wanted.ts';

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

async function inspect(admin: Admin, settings: TopicSettings): Promise<Topics> {
  const { topology, create } = settings;
  const { source, counterparts, outcomes } = topology;
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
  const ofOutcomes =
    outcomes !== undefined && existing.includes(outcomes) ? await outcomesLimit(admin, outcomes) : undefined;
  const narrow = tooSmall(
    new Map([...largest, ...(ofOutcomes ?? [])]),
    wanted.map(({ topic }) => topic),
  );
  if (narrow.length > 0) return { ...found, problems: narrow };
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

async function partitionCounts(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
  return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
}
