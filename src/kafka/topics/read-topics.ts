import type { Topology } from '../../core/topology.ts';
import type { TopicSet } from '../group/assigner.ts';
import { existingTopics, isKnown, learnTopics } from '../kafkajs/metadata.ts';
import { subscribe, topicNames } from '../kafkajs/subscription.ts';
import type { ConsumerGroup } from '../kafkajs/types.ts';

/**
 * The topics that are read now: the source, the configured retry topics, and every other retry topic there is. They are
 * listed anew before each join, since members with other delays make other retry topics, which all members read.
 */
export class ReadTopics implements TopicSet {
  readonly topology: Topology;
  #read: readonly string[];

  constructor({ topology, read }: TopicSet) {
    this.topology = topology;
    this.#read = read;
  }

  get read(): readonly string[] {
    return this.#read;
  }

  /** Before each join of the group. Where no broker answers, what was known before is read on. */
  async listAnew(group: ConsumerGroup): Promise<void> {
    this.add(await topicNames(group.cluster).catch(() => []));
    // One that has gone again meanwhile is missed by whoever watches the topics.
    await learnTopics(group.cluster, this.#read);
    subscribe(group, this.#read);
  }

  /**
   * After each join of the group, which may have waited long for others. What has come meanwhile is known from then on.
   *
   * @returns whether a topic has come since `listAnew`, or the group gave what this member does not know
   */
  async haveChanged(group: ConsumerGroup): Promise<boolean> {
    const { cluster } = group;
    this.add(await topicNames(cluster));
    const isGivenKnown = group.assigned().every(({ topic, partitions }) => {
      const known = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      return partitions.every((partition) => known.includes(partition));
    });
    const unknown = this.#read.filter((topic) => !isKnown(cluster, topic));
    const come = await existingTopics(cluster, unknown);
    await learnTopics(cluster, come);
    return come.size > 0 || !isGivenKnown;
  }

  /** Reads the retry topics among these as well. */
  add(topics: readonly string[]): void {
    const retry = topics.filter((topic) => this.topology.roleOf(topic) === 'retry');
    this.#read = [...new Set([...this.#read, ...retry])];
  }

  /** Reads a retry topic no longer that is gone and not configured. */
  drop(topic: string): void {
    this.#read = this.#read.filter((other) => other !== topic);
  }
}
