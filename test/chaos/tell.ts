import Table from 'cli-table3';
import type { Figures } from './figures.ts';
import type { Judgement } from './judge.ts';
import { VIOLATIONS, type ViolationKind } from './violations.ts';

const SHOWN_OF_A_KIND = 5;

const COLUMNS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};
const STYLE = { head: [], border: [], 'padding-left': 0, 'padding-right': 1 };

/** Where a run stands. */
export interface Progress {
  readonly leftMs: number;
  readonly written: number;
  readonly delivered: number;
  readonly refused: number;
  readonly parked: number;
  readonly dead: number;
  readonly kills: number;
  readonly rebalances: number;
  /** Undefined before the first look. */
  readonly violations: number | undefined;
}

/** Where a run stands, in one line. */
export function progressLine(progress: Progress): string {
  const { leftMs, written, delivered, refused, parked, dead, kills, rebalances, violations } = progress;
  return [
    `${clock(leftMs)} left`,
    `${written} written, ${delivered} delivered, ${refused} refused, ${parked} parked, ${dead} dead letters`,
    `${kills} kills, ${rebalances} rebalances`,
    violations === undefined ? 'not judged yet' : `${violations} violations`,
  ].join(' · ');
}

/** What a run came to. */
export function figuresTable(figures: Figures, { repeats, stall, recovery }: Judgement): string {
  const table = new Table({ chars: COLUMNS, colAligns: ['left', 'right', 'left'], style: STYLE });
  const row = (name: string, value: number | string, remark = ''): void => void table.push([name, value, remark]);
  row('records', figures.records);
  row('requests', figures.requests);
  row('delivered', figures.delivered);
  row('dead letters', figures.deadLettered);
  row('waiting or not committed', figures.waiting + figures.uncommitted);
  row('rebalances', figures.rebalances);
  for (const [kind, count] of Object.entries(figures.faults)) if (count > 0) row(kind.replaceAll('_', ' '), count);
  row('repeats after faults', figures.repeatsExplained, 'a lane, after one fault:');
  row('  most of a lane', `${repeats.most} of ${repeats.bound}`, repeats.mostOfALane);
  row('verdicts never seen', figures.unseenVerdicts, 'too late, or on a connection that was cut');
  row('longest stall', seconds(stall.ms), stall.where);
  row('longest recovery', seconds(recovery.ms), recovery.where);
  for (const [kind, count] of Object.entries(figures.violations)) {
    row(kind.replaceAll('_', ' '), count, count > 0 ? VIOLATIONS[kind as ViolationKind] : '');
  }
  return table.toString().replace(/ +$/gm, '');
}

/** Some violations of each kind. */
export function violationLines({ violations }: Judgement): string[] {
  return (Object.keys(VIOLATIONS) as ViolationKind[]).flatMap((kind) => {
    const own = violations.filter((violation) => violation.kind === kind);
    const shown = own.slice(0, SHOWN_OF_A_KIND).map(({ detail }) => `${kind}: ${detail}`);
    const more = own.length - shown.length;
    return more > 0 ? [...shown, `${kind}: and ${more} more`] : shown;
  });
}

function clock(ms: number): string {
  const all = Math.round(ms / 1_000);
  return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, '0')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
