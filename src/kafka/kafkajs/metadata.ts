import { setTimeout as sleep } from 'node:timers/promises';
import { errorType, UNKNOWN_TOPIC } from './errors.ts';
import type { Cluster } from './types.ts';

/**
 * kafkajs asks for all topics at once, and for one that is gone it throws the whole answer away: leaders stay unknown, and
 * nothing is read any more. So what is missing is left out. These parts are as they stand in the version that
 * `private-parts.ts` names.
 */
interface Parts {
  targetTopics: ReadonlySet<string>;
  readonly brokerPool: {
    findConnectedBroker(): Promise<{ metadata(topics: readonly string[]): Promise<unknown> }>;
  };
}

/** A broker that has just started may not have heard of every topic yet. */
const ASKED_AGAIN_AFTER_MS = 1_000;

/** Which of these topics there are. What a broker does not know is asked once more, probably of another one. */
export async function existingTopics(cluster: Cluster, topics: readonly string[]): Promise<Set<string>> {
  let unknown = await unknownTopics(cluster, topics);
  if (unknown.length > 0) {
    await sleep(ASKED_AGAIN_AFTER_MS);
    unknown = await unknownTopics(cluster, unknown);
  }
  return new Set(topics.filter((topic) => !unknown.includes(topic)));
}

async function unknownTopics(cluster: Cluster, topics: readonly string[]): Promise<string[]> {
  const broker = await (cluster as unknown as Parts).brokerPool.findConnectedBroker();
  const unknown: string[] = [];
  for (const topic of topics) {
    try {
      await broker.metadata([topic]);
    } catch (error) {
      const type = errorType(error);
      if (type === UNKNOWN_TOPIC) unknown.push(topic);
      else if (type !== 'LEADER_NOT_AVAILABLE') throw error;
    }
  }
  return unknown;
}

export function isKnown(cluster: Cluster, topic: string): boolean {
  return cluster.findTopicPartitionMetadata(topic).length > 0;
}

/** Has the client know these topics, where it does not yet. One that is not there, or may not be seen, is left out. */
export async function learnTopics(cluster: Cluster, topics: Iterable<string>): Promise<void> {
  const unknown = [...topics].filter((topic) => !isKnown(cluster, topic));
  for (const topic of unknown) await cluster.addMultipleTargetTopics([topic]).catch(() => undefined);
}

/** From now on these topics' metadata is asked for, and no others'. */
export async function followTopics(cluster: Cluster, topics: ReadonlySet<string>): Promise<void> {
  (cluster as unknown as Parts).targetTopics = new Set(topics);
  await cluster.refreshMetadata();
}
