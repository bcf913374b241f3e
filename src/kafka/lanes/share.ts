import { incomplete } from '../../core/assignment.ts';
import { servableNow, type TopicSet } from '../group/assigner.ts';
import type { Partitions } from '../kafkajs/offsets.ts';
import type { Cluster } from '../kafkajs/types.ts';

/** This member's part of what the group serves, as it was when it joined. */
export class Share {
  /** Its partition numbers. */
  readonly owned: readonly number[];
  /** Those of them that the leader gave without a retry topic that they need: they stand. */
  readonly incomplete: readonly number[];
  /** Source partitions that are not read because a retry or dead-letter topic lacks their number. */
  readonly unserved: readonly number[];
  readonly #servable: () => Partitions;
  readonly #served: string;

  constructor(cluster: Cluster, topics: TopicSet, assigned: Partitions) {
    const { source, retryTopics } = topics.topology;
    const servable = servableNow(cluster, topics);
    this.owned = [...new Set([...assigned.values()].flat())];
    this.incomplete = incomplete(assigned, servable, source, retryTopics);
    this.unserved = [...new Set([...servable.unserved, ...this.incomplete])].sort((a, b) => a - b);
    this.#servable = () => servableNow(cluster, topics).partitions;
    this.#served = describe(servable.partitions);
  }

  /** Whether topics have grown, or shrunk, so that another set of partitions can be served. */
  get isOutdated(): boolean {
    return describe(this.#servable()) !== this.#served;
  }
}

function describe(partitions: Partitions): string {
  return [...partitions].map(([topic, numbers]) => `${topic}:${String(numbers.length)}`).join(' ');
}
