import type { Admin } from 'kafkajs';
import { errorType } from '../kafkajs/errors.ts';
import { notAllowed } from '../kafkajs/remedies.ts';
import type { Wanted } from './wanted.ts';

/** Room for the headers that a record gains on its way. */
export const HEADROOM_BYTES = 65_536;

/** Why a broker will not make a topic, however often it is asked. */
const REMEDIES = new Map([
  ['INVALID_REPLICATION_FACTOR', 'set TOPIC_REPLICATION_FACTOR to no more than there are brokers'],
  ['TOPIC_AUTHORIZATION_FAILED', 'let this user create it, or make it and set CREATE_TOPICS=false'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'let this user create topics, or make it and set CREATE_TOPICS=false'],
  ['POLICY_VIOLATION', "make it as the cluster's policy asks and set CREATE_TOPICS=false"],
  ['INVALID_CONFIG', 'make it by hand and set CREATE_TOPICS=false'],
]);

/**
 * Makes topics.
 *
 * @param sourceLargest the source's `max.message.bytes`, 0 where it is not known: what is made has the brokers' own then
 * @returns what was made; what the brokers refuse for ever is a problem with its remedy. Every other failure is thrown.
 */
export async function createMissing(
  admin: Admin,
  missing: readonly Wanted[],
  numPartitions: number,
  sourceLargest: number,
  replicationFactor: number,
): Promise<{ made: string[]; problems: string[] }> {
  const made: string[] = [];
  const problems: string[] = [];
  const largest = [{ name: 'max.message.bytes', value: String(sourceLargest + HEADROOM_BYTES) }];
  for (const { topic, retentionMs } of missing) {
    const configEntries = [
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'retention.ms', value: String(retentionMs) },
      ...(sourceLargest > 0 ? largest : []),
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

/** Gives topics as many partitions as `count`. Where this user may not, that is a warning: all other partitions are served. */
export async function grow(
  admin: Admin,
  topics: readonly string[],
  count: number,
): Promise<{ made: string[]; warnings: string[] }> {
  const made: string[] = [];
  const warnings: string[] = [];
  for (const topic of topics) {
    try {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
      made.push(topic);
    } catch (error) {
      const type = errorType(error);
      if (type === 'TOPIC_AUTHORIZATION_FAILED') {
        warnings.push(`${notAllowed(['ALTER'], topic)}; source partitions beyond its last one are not read`);
        // Another member was faster.
      } else if (type !== 'INVALID_PARTITIONS') throw error;
    }
  }
  return { made, warnings };
}
