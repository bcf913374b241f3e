import { FAULTS } from './evidence.ts';
import { holds, type Figures } from './figures.ts';
import { GUARANTEES } from './guarantees.ts';
import { VIOLATIONS, type ViolationKind } from './violations.ts';

/** What was run and what was found. The same runs give the same text. */
export function chaosPart(runs: readonly Figures[]): string {
  const inOrder = [...runs].sort((a, b) => order(a).localeCompare(order(b)));
  return [
    '## Runs',
    '',
    ...inOrder.map(({ command }) => `    ${command}`),
    '',
    ...table(
      ['seed', 'started', 'Node', 'brokers', 'ordering', 'minutes', 'every invariant held'],
      inOrder.map((run) => [
        ...[String(run.seed), run.startedAt, run.node, String(run.brokers), run.ordering, String(run.minutes)],
        holds(run) ? 'yes' : '**no**',
      ]),
    ),
    '',
    '## How much',
    '',
    ...figureTable(inOrder, [
      ['minutes', ({ minutes }) => minutes],
      ['records written', ({ records }) => records],
      ['requests', ({ requests }) => requests],
      ['delivered', ({ delivered }) => delivered],
      ['dead-lettered', ({ deadLettered }) => deadLettered],
      ['rebalances (generations of the group, by the brokers)', ({ rebalances }) => rebalances],
      ...FAULTS.map((kind) => [kind.replaceAll('_', ' '), ({ faults }: Figures) => faults[kind]] as const),
    ]),
    '',
    '## What was found',
    '',
    ...figureTable(inOrder, [
      ...(Object.keys(VIOLATIONS) as ViolationKind[]).map(
        (kind) =>
          [`${kind.replaceAll('_', ' ')}: ${VIOLATIONS[kind]}`, (run: Figures) => run.violations[kind]] as const,
      ),
      ['repeats that a fault explains', ({ repeatsExplained }) => repeatsExplained],
      ['verdicts the service never saw: too late, or cut off', ({ unseenVerdicts }) => unseenVerdicts],
    ]),
    '',
    ...table(
      ['seed', 'most repeats of a lane after one fault', 'longest stall', 'longest recovery (target 5 s)'],
      inOrder.map((run) => [
        String(run.seed),
        `${run.mostRepeatsOfALane} of ${run.boundOfALane}`,
        seconds(run.longestStallMs),
        seconds(run.longestRecoveryMs),
      ]),
    ),
  ].join('\n');
}

export function guaranteesPart(): string {
  return table(
    ['', 'guarantee', 'tests'],
    GUARANTEES.map(({ name, promise, tests }) => [name, promise, tests.map(link).join(' · ')]),
  ).join('\n');
}

/** A row a figure, a column a run, and the sum where there are several. */
function figureTable(
  runs: readonly Figures[],
  rows: readonly (readonly [name: string, value: (run: Figures) => number])[],
): string[] {
  const heads = runs.map(({ seed }) => `seed ${seed}`);
  return table(
    ['', ...heads, 'all'],
    rows.map(([name, value]) => {
      const values = runs.map(value);
      return [name, ...values.map(String), `**${values.reduce((sum, one) => sum + one, 0)}**`];
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function link(path: string): string {
  return `[${path.replace(/^.*\//, '').replace(/\.test\.ts$/, '')}](${path})`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function order({ startedAt, seed }: Figures): string {
  return `${startedAt} ${seed}`;
}
