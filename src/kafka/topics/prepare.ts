import type { Kafka } from 'kafkajs';
import type { Topology } from '../../core/topology.ts';
import type { TopicSet } from '../group/assigner.ts';
import type { DescribedTopic } from '../kafkajs/described.ts';
import { errorType, UNKNOWN_TOPIC } from '../kafkajs/errors.ts';
import { createMissing, grow } from './create.ts';
import { fitnessOf } from './fitness.ts';
import { notAllowed } from '../kafkajs/remedies.ts';
import { lackedRights, type OwnRole } from './rights.ts';
import { openSurvey, type ConfigValues, type Survey } from './survey.ts';
import { tooSmall } from './size-limits.ts';
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
  /** How long each topic keeps its records, in milliseconds, negative for ever; without those that say nothing of it. */
  readonly retentionMs: Readonly<Record<string, number>>;
}

const FORBIDDEN = 'TOPIC_AUTHORIZATION_FAILED';

/** Checks the topics, and makes what is missing where that is allowed. Throws where the brokers do not answer. */
export async function prepareTopics(kafka: Kafka, settings: TopicSettings): Promise<Topics> {
  const survey = await openSurvey(kafka);
  const seen = await look(survey, settings.topology).finally(() => survey.close());
  const { topology, create } = settings;
  const { source, counterparts } = topology;
  const found: Topics = {
    ...judge(seen, settings),
    read: seen.read,
    topology,
    made: [],
    retentionMs: retentionsOf(seen),
  };
  if (found.problems.length > 0 || !create) return found;

  const missing = wantedTopics(topology).filter(({ topic }) => partitionsOf(seen, topic) === 0);
  const count = partitionsOf(seen, source);
  const short = counterparts.filter((topic) => isShort(seen, topic, count));
  if (missing.length + short.length === 0) return found;
  const largest = Number(seen.configs.get(source)?.get('max.message.bytes') ?? 0);
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { made, problems } = await createMissing(admin, missing, count, largest, settings.replicationFactor);
    if (problems.length > 0) return { ...found, problems, made };
    const kept = missing.map(({ topic, retentionMs }) => [topic, retentionMs] as const);
    const retentionMs = { ...found.retentionMs, ...Object.fromEntries(kept) };
    const grown = await grow(admin, short, count);
    return {
      ...found,
      warnings: [...found.warnings, ...grown.warnings],
      made: [...made, ...grown.made],
      retentionMs,
    };
  } finally {
    await admin.disconnect();
  }
}

/** Our topics as this user sees them. */
interface Seen {
  readonly read: readonly string[];
  readonly described: ReadonlyMap<string, DescribedTopic>;
  /** Of the topics whose configuration this user may read. */
  readonly configs: ReadonlyMap<string, ConfigValues>;
}

async function look(survey: Survey, topology: Topology): Promise<Seen> {
  const drained = (await survey.topicNames()).filter((topic) => topology.roleOf(topic) === 'retry');
  const read = [...new Set([topology.source, ...topology.retryTopics, ...drained])];
  const wanted = wantedTopics(topology).map(({ topic }) => topic);
  const { topics } = await survey.describe([...new Set([...read, ...wanted])]);
  for (const { topic, error } of topics) {
    if (error === undefined || error === UNKNOWN_TOPIC || error === FORBIDDEN) continue;
    throw new Error(`the topic ${topic} cannot be looked at now: ${error}`);
  }
  const present = topics.filter(({ error }) => error === undefined);
  const configs = new Map<string, ConfigValues>();
  for (const { topic } of present) {
    const config = await configOf(survey, topic);
    if (config !== undefined) configs.set(topic, config);
  }
  return { read, described: new Map(topics.map((one) => [one.topic, one])), configs };
}

async function configOf(survey: Survey, topic: string): Promise<ConfigValues | undefined> {
  try {
    return await survey.topicConfig(topic);
  } catch (error) {
    if (errorType(error) === FORBIDDEN) return undefined;
    throw error;
  }
}

function judge(seen: Seen, { topology, create }: TopicSettings): Pick<Topics, 'problems' | 'warnings'> {
  const { source, counterparts } = topology;
  const { problems, warnings } = fitnessOf(topology, seen.configs);
  const count = partitionsOf(seen, source);
  // All others are named after it.
  if (seen.described.get(source)?.error === UNKNOWN_TOPIC) {
    return {
      problems: [`SOURCE_TOPIC: the topic ${source} does not exist; make it, or name the right one`],
      warnings: [],
    };
  }
  return {
    problems: [
      ...[...seen.described.values()].flatMap((topic) => absence(topic, topology, create)),
      ...problems,
      ...tooSmall(
        new Map([...seen.configs].map(([topic, config]) => [topic, Number(config.get('max.message.bytes') ?? 0)])),
        wantedTopics(topology).map(({ topic }) => topic),
      ),
    ],
    warnings: [
      ...warnings,
      ...unread(seen, [source, ...counterparts]),
      ...(create ? [] : counterparts.filter((topic) => isShort(seen, topic, count))).map(
        (topic) =>
          `the topic ${topic} has ${partitionsOf(seen, topic)} partitions and ${source} has ${count}: source ` +
          `partitions without a counterpart are not read; add partitions to ${topic}, or set CREATE_TOPICS=true`,
      ),
    ],
  };
}

/** Why this topic cannot be worked with, if so. */
function absence({ topic, error, allowed }: DescribedTopic, topology: Topology, create: boolean): string[] {
  if (error === UNKNOWN_TOPIC) {
    if (create) return [];
    return [`the topic ${topic} does not exist; make it with the source's partition count, or set CREATE_TOPICS=true`];
  }
  // What may not even be seen may not be read or written either.
  const lacked = lackedRights(topology.roleOf(topic) as OwnRole, error === FORBIDDEN ? new Set() : allowed);
  return lacked.length === 0 ? [] : [notAllowed(lacked, topic)];
}

function unread({ described, configs }: Seen, topics: readonly string[]): string[] {
  return topics
    .filter((topic) => described.get(topic)?.error === undefined && !configs.has(topic))
    .map(
      (topic) =>
        `${notAllowed(['DESCRIBE_CONFIGS'], topic)}; whether it keeps records long enough, and takes large ones, is not known`,
    );
}

function partitionsOf({ described }: Seen, topic: string): number {
  return described.get(topic)?.partitions.length ?? 0;
}

function isShort(seen: Seen, topic: string, count: number): boolean {
  const own = partitionsOf(seen, topic);
  return own > 0 && own < count;
}

function retentionsOf({ configs }: Seen): Record<string, number> {
  const kept = [...configs].map(([topic, config]) => [topic, config.get('retention.ms')] as const);
  return Object.fromEntries(kept.flatMap(([topic, ms]) => (ms === undefined ? [] : [[topic, Number(ms)]])));
}
