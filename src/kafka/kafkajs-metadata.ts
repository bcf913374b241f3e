import { errorType } from './client.ts';
import type { Cluster } from './kafkajs-internals.ts';
import './kafkajs-internals.ts';

/**
 * kafkajs asks for all topics at once, and for one that is gone it throws the whole answer away: leaders stay unknown, and
 * nothing is read any more. As all that is done to its private parts, this is known for the version that
 * `kafkajs-internals.ts` names.
 */
interface Parts {
  targetTopics: ReadonlySet<string>;
  readonly brokerPool: {
    findConnectedBroker(): Promise<{ metadata(topics: readonly string[]): Promise<unknown> }>;
  };
}

export const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/** Which of these topics there are. */
export async function existingTopics(cluster: Cluster, topics: readonly string[]): Promise<Set<string>> {
  const broker = await (cluster as unknown as Parts).brokerPool.findConnectedBroker();
  const existing = new Set(topics);
  for (const topic of topics) {
    try {
      await broker.metadata([topic]);
    } catch (error) {
      const type = errorType(error);
      if (type === UNKNOWN_TOPIC) existing.delete(topic);
      else if (type !== 'LEADER_NOT_AVAILABLE') throw error;
    }
  }
  return existing;
}

/** From now on these topics' metadata is asked for, and no others'. */
export async function followTopics(cluster: Cluster, topics: ReadonlySet<string>): Promise<void> {
  (cluster as unknown as Parts).targetTopics = new Set(topics);
  await cluster.refreshMetadata();
}
