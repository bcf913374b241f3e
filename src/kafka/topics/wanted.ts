import type { Topology } from '../../core/topology.ts';

/** A topic that has to exist. */
export interface Wanted {
  readonly topic: string;
  readonly retentionMs: number;
}

const DAY_MS = 86_400_000;
const RETENTION_MS = { retry: 14 * DAY_MS, deadLetter: 90 * DAY_MS, outcomes: 730 * DAY_MS };

/** The topics that have to exist beside the source. */
export function wantedTopics({ retryTopics, deadLetters, outcomes }: Topology): Wanted[] {
  const wanted = retryTopics.map((topic) => ({ topic, retentionMs: RETENTION_MS.retry }));
  wanted.push({ topic: deadLetters, retentionMs: RETENTION_MS.deadLetter });
  if (outcomes !== undefined) wanted.push({ topic: outcomes, retentionMs: RETENTION_MS.outcomes });
  return wanted;
}
