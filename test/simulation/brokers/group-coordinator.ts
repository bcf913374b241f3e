import { ERROR } from './error-codes.ts';
import type { Tell } from './facts.ts';
import { Group, type GroupRules } from './group.ts';
import { Offsets, type CommittedOffset } from './offsets.ts';
import { Shards } from './shards.ts';
import type { Topic } from './topics.ts';

export interface CoordinatedGroup {
  readonly group: Group;
  readonly offsets: Offsets;
}

/** The groups of the cluster, each at the broker that coordinates it. */
export class GroupCoordinator {
  readonly shards: Shards;
  readonly #groups = new Map<string, CoordinatedGroup>();
  readonly #rules: GroupRules;
  readonly #tell: Tell;

  constructor(topic: Topic, rules: GroupRules, loadMs: () => number, tell: Tell) {
    this.#rules = rules;
    this.#tell = tell;
    const each = (shard: number, act: (group: Group) => void): void => {
      for (const { group } of this.#groups.values()) if (this.shards.shardOf(group.groupId) === shard) act(group);
    };
    this.shards = new Shards(
      topic,
      {
        handOver: (shard) => each(shard, ({ generations }) => generations.handOver()),
        takeOver: (shard) => each(shard, ({ generations }) => generations.takeOver()),
      },
      loadMs,
    );
  }

  all(): CoordinatedGroup[] {
    return [...this.#groups.values()];
  }

  get(groupId: string): CoordinatedGroup | undefined {
    return this.#groups.get(groupId);
  }

  getOrMake(groupId: string): CoordinatedGroup {
    const found = this.#groups.get(groupId);
    if (found !== undefined) return found;
    const made: CoordinatedGroup = { group: new Group(groupId, this.#rules, this.#tell), offsets: new Offsets() };
    this.#groups.set(groupId, made);
    return made;
  }

  /** @returns an error code */
  delete(groupId: string): number {
    const found = this.#groups.get(groupId);
    if (found === undefined) return ERROR.GROUP_ID_NOT_FOUND;
    if (found.group.generations.state !== 'Empty') return ERROR.NON_EMPTY_GROUP;
    this.#groups.delete(groupId);
    return ERROR.NONE;
  }

  /** A deleted topic takes its offsets along. */
  forgetTopic(topic: string): void {
    for (const { offsets } of this.#groups.values()) offsets.forgetTopic(topic);
  }

  committed(groupId: string, { topic, partition, offset, metadata }: CommittedOffset, by: Committer): void {
    this.#tell({ kind: 'committed', group: groupId, topic, partition, offset, metadata, ...by });
  }
}

export interface Committer {
  readonly clientId: string;
  readonly memberId: string;
}
