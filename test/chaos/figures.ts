import type { FaultKind } from './evidence.ts';
import { FAULTS } from './evidence.ts';
import type { Judgement } from './judge.ts';
import { VIOLATIONS, type ViolationKind } from './violations.ts';

/** How a run was made. */
export interface RunOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly brokers: 1 | 3;
  readonly ordering: 'partition' | 'key';
  /** Events a second. */
  readonly rate: number;
}

/** What is kept of a run: `.local/chaos/<name>.json`. */
export interface Figures extends RunOptions {
  readonly command: string;
  readonly startedAt: string;
  readonly node: string;
  readonly records: number;
  readonly requests: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly waiting: number;
  readonly uncommitted: number;
  readonly rebalances: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly violations: Readonly<Record<ViolationKind, number>>;
  readonly repeatsExplained: number;
  readonly unseenVerdicts: number;
  readonly mostRepeatsOfALane: number;
  readonly boundOfALane: number;
  readonly longestStallMs: number;
  readonly longestRecoveryMs: number;
}

/** What a run and its judgement come to. */
export function figuresOf(
  run: RunOptions & Pick<Figures, 'command' | 'startedAt' | 'node' | 'rebalances'>,
  faults: readonly { readonly kind: FaultKind }[],
  { violations, records, requests, places, repeats, stall, recovery }: Judgement,
): Figures {
  const kinds = Object.keys(VIOLATIONS) as ViolationKind[];
  return {
    ...run,
    records,
    requests,
    ...places,
    faults: countOf(FAULTS, faults),
    violations: countOf(kinds, violations),
    repeatsExplained: repeats.explained,
    unseenVerdicts: repeats.unseenVerdicts,
    mostRepeatsOfALane: repeats.most,
    boundOfALane: repeats.bound,
    longestStallMs: stall.ms,
    longestRecoveryMs: recovery.ms,
  };
}

function countOf<K extends string>(kinds: readonly K[], items: readonly { readonly kind: K }[]): Record<K, number> {
  const counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<K, number>;
  for (const { kind } of items) counts[kind] += 1;
  return counts;
}

/** Whether every invariant held. */
export function holds({ violations }: Pick<Figures, 'violations'>): boolean {
  return Object.values(violations).every((count) => count === 0);
}
