import Table from 'cli-table3';
import type { ViolationKind } from './judge/violations.ts';
import type { Outcome } from './simulate.ts';
import { planLine, violationLines } from './tell.ts';

const COLUMNS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};
const STYLE = { head: [], border: [], 'padding-left': 0, 'padding-right': 1 };

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
}

export function summaryOf(outcome: Outcome): Summary {
  const counts: Record<string, number> = {};
  for (const { who, what } of outcome.lines) {
    const name = nameOf(who, what);
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  const { plan, simulatedMs, violation } = outcome;
  return {
    ...{ seed: plan.seed, line: planLine(outcome), wrong: violationLines(outcome), simulatedMs, counts },
    ...(violation !== undefined && { failure: violation.kind }),
  };
}

/** What of all that could happen did happen, over many worlds: what never did is a gap. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  add({ counts }: Summary): void {
    for (const [name, count] of Object.entries(counts)) this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  table(): string {
    const table = new Table({ chars: COLUMNS, colAligns: ['left', 'right'], style: STYLE });
    for (const [name, count] of [...this.#counts].sort(([a], [b]) => a.localeCompare(b))) table.push([name, count]);
    return table.toString().replace(/ +$/gm, '');
  }
}

function nameOf(who: string, what: string): string | undefined {
  if (who === 'fault') return what.endsWith('is over') ? undefined : `fault ${what.split(' ')[0] ?? ''}`;
  if (what.startsWith('request')) return `answer ${what.slice(what.indexOf('→') + 2)}`;
  if (what.startsWith('evict')) return 'evicted members';
  if (what.startsWith('generation')) return 'generations';
  return undefined;
}
