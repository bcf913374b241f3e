import { add, type Figures } from './figures.ts';
import { VIOLATIONS } from './judge/violations.ts';
import { FAULT_KINDS, HANDS, situation, STANDINGS } from './situations.ts';

/** What came of all runs in simulated time. The same runs give the same text. */
export function simulationPart(runs: readonly Figures[]): string {
  const sums = { failures: {}, counts: {}, situations: {} } as Pick<Figures, 'failures' | 'counts' | 'situations'>;
  for (const { failures, counts, situations } of runs) {
    add(sums.failures, failures);
    add(sums.counts, counts);
    add(sums.situations, situations);
  }
  return [
    ...table(
      ['first seed', 'started', 'Node', 'worlds', 'simulated minutes', 'every rule held'],
      runs.map((run) => [
        ...[String(run.first), run.startedAt, run.node, String(run.worlds), minutes(run)],
        Object.keys(run.failures).length === 0 ? 'yes' : '**no**',
      ]),
    ),
    '',
    ...table(
      ['rule that did not hold', 'worlds'],
      Object.entries(RULES).map(([kind, rule]) => [rule, String(sums.failures[kind] ?? 0)]),
    ),
    '',
    'How often a fault met a member, by how it stood to its group just then; in brackets, in how many of the',
    `${HANDS.length} kinds of what it had in hand: ${HANDS.join(', ')}.`,
    '',
    ...table(['', ...STANDINGS], situationRows(sums.situations)),
    '',
    'What never happened is a gap in the scheduler:',
    '',
    ...gapsIn(sums.situations).map((gap) => `- ${gap}`),
  ].join('\n');
}

const RULES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(VIOLATIONS).map(([kind, rule]) => [kind, `${kind.replaceAll('_', ' ')}: ${rule}`]),
  ),
  hangs: 'hangs: a world that took three minutes',
};

/** A row a fault, a column a standing. */
export function situationRows(counts: Readonly<Record<string, number>>): string[][] {
  return FAULT_KINDS.map((fault) => [
    fault.replaceAll('_', ' '),
    ...STANDINGS.map((standing) => {
      const met = HANDS.map((hand) => counts[situation(fault, standing, hand)] ?? 0).filter((count) => count > 0);
      return met.length === 0 ? '–' : `${met.reduce((sum, one) => sum + one, 0)} (${met.length})`;
    }),
  ]);
}

/** What never happened, a line for each fault that has any. */
export function gapsIn(counts: Readonly<Record<string, number>>): string[] {
  return FAULT_KINDS.flatMap((fault) => {
    const gaps = STANDINGS.flatMap((standing) => {
      const missing = HANDS.filter((hand) => counts[situation(fault, standing, hand)] === undefined);
      if (missing.length === 0) return [];
      return [missing.length === HANDS.length ? standing : `${standing} (${missing.join(', ')})`];
    });
    return gaps.length === 0 ? [] : [`${fault.replaceAll('_', ' ')}: ${gaps.join('; ')}`];
  });
}

function minutes({ simulatedMs }: Figures): string {
  return (simulatedMs / 60_000).toFixed(0);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}
