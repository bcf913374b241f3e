import type { ViolationKind } from './judge/violations.ts';
import type { Outcome } from './simulate.ts';
import { planLine, violationLines } from './tell.ts';

/** What is worth keeping of a world that has come to its end. */
export interface Summary {
  readonly seed: number;
  readonly line: string;
  /** Absent where all is well. */
  readonly failure?: ViolationKind | 'hangs';
  /** What is wrong; empty where all is well. */
  readonly wrong: readonly string[];
  readonly simulatedMs: number;
  /** How often each thing happened that may happen. */
  readonly counts: Readonly<Record<string, number>>;
  /** And how often each fault met a member in each situation. */
  readonly situations: Readonly<Record<string, number>>;
}

export function summaryOf(outcome: Outcome): Summary {
  const counts: Record<string, number> = {};
  for (const { who, what } of outcome.lines) {
    const name = nameOf(who, what);
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  const { plan, simulatedMs, violation, situations } = outcome;
  return {
    ...{ seed: plan.seed, line: planLine(outcome), wrong: violationLines(outcome), simulatedMs, counts, situations },
    ...(violation !== undefined && { failure: violation.kind }),
  };
}

function nameOf(who: string, what: string): string | undefined {
  if (who === 'fault') return what.endsWith('is over') ? undefined : `fault ${what.split(' ')[0] ?? ''}`;
  if (what.startsWith('request')) return `answer ${what.slice(what.indexOf('→') + 2)}`;
  if (what.startsWith('evict')) return 'evicted members';
  if (what.startsWith('generation')) return 'generations';
  return undefined;
}
