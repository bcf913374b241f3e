import { durationMs } from './duration.ts';
import type { Tier } from './retry-policy.ts';

/** How metrics and logs name the tier of the source, beside the retry tiers with their delays. */
export const MAIN_TIER = 'main';

/** What a topic is to this service; `other` is none of its topics. */
export type TopicRole = 'source' | 'retry' | 'dead_letter' | 'outcomes' | 'other';

/** What all topics are named after, as configured. */
export interface TopologySettings {
  readonly source: string;
  /** The configured retry tiers, shortest delay first. */
  readonly tiers: readonly Pick<Tier, 'name'>[];
  readonly outcomes?: string | undefined;
}

/**
 * The topics of this service and what each of them is for:
 *
 * - the source
 * - `<source>.retry.<delay>`, one for each retry tier
 * - `<source>.dead-letter`
 * - the outcomes topic, where one is configured
 *
 * A retry topic whose delay is no longer configured is still a retry topic: it is read until it is empty.
 */
export class Topology {
  readonly source: string;
  /** The configured retry topics. */
  readonly retryTopics: readonly string[];
  readonly deadLetters: string;
  readonly outcomes: string | undefined;

  constructor({ source, tiers, outcomes }: TopologySettings) {
    this.source = source;
    this.retryTopics = tiers.map(({ name }) => this.retryTopic(name));
    this.deadLetters = `${source}.dead-letter`;
    this.outcomes = outcomes;
  }

  /** Where a record of the source may have to move: each source partition needs its number in all of these topics. */
  get counterparts(): readonly string[] {
    return [...this.retryTopics, this.deadLetters];
  }

  /** The topic of a retry tier, configured or not. */
  retryTopic(tier: string): string {
    return `${this.source}.retry.${tier}`;
  }

  roleOf(topic: string): TopicRole {
    if (topic === this.source) return 'source';
    if (topic === this.deadLetters) return 'dead_letter';
    if (topic === this.outcomes) return 'outcomes';
    return this.#retryTier(topic) === undefined ? 'other' : 'retry';
  }

  /**
   * The tier of a topic that is read, as metrics and logs name it: `main`, or the retry delay.
   *
   * Throws for a topic that is neither the source nor a retry topic: no record of it may be taken for one of ours.
   */
  tierOf(topic: string): string {
    return this.retryTierOf(topic)?.name ?? MAIN_TIER;
  }

  /** The retry tier of a topic that is read, `undefined` for the source. Throws for any other topic. */
  retryTierOf(topic: string): Tier | undefined {
    if (topic === this.source) return undefined;
    const tier = this.#retryTier(topic);
    if (tier === undefined) throw new Error(`${topic} is neither ${this.source} nor one of its retry topics`);
    return tier;
  }

  #retryTier(topic: string): Tier | undefined {
    const prefix = this.retryTopic('');
    if (!topic.startsWith(prefix)) return undefined;
    const name = topic.slice(prefix.length);
    const delayMs = durationMs(name);
    return delayMs === undefined ? undefined : { name, delayMs };
  }
}
