import { deadLetterTopic, retryTopic } from '../../core/retry-policy.ts';

/** What has to exist beside the source. */
export interface TopicSettings {
  readonly source: string;
  /** Configured retry delays, as in the topics' names. */
  readonly tiers: readonly string[];
  readonly outcomesTopic: string | undefined;
  /** Make what is missing. */
  readonly create: boolean;
  /** Of topics that are made. */
  readonly replicationFactor: number;
}

/** A topic that has to exist. */
export interface Wanted {
  readonly topic: string;
  readonly retentionMs: number;
  /** Whether it needs the source's partitions and room for a source record. */
  readonly counterpart: boolean;
}

const DAY_MS = 86_400_000;
const RETENTION_MS = { retry: 14 * DAY_MS, deadLetter: 90 * DAY_MS, outcomes: 730 * DAY_MS };

/** The topics that have to exist beside the source. */
export function wantedTopics({ source, tiers, outcomesTopic }: TopicSettings): Wanted[] {
  const wanted: Wanted[] = tiers.map((tier) => ({
    topic: retryTopic(source, tier),
    retentionMs: RETENTION_MS.retry,
    counterpart: true,
  }));
  wanted.push({ topic: deadLetterTopic(source), retentionMs: RETENTION_MS.deadLetter, counterpart: true });
  if (outcomesTopic !== undefined) {
    wanted.push({ topic: outcomesTopic, retentionMs: RETENTION_MS.outcomes, counterpart: false });
  }
  return wanted;
}
