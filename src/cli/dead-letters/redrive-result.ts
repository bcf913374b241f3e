import type { Done } from '../../operate/dead-letters/close-letters.ts';
import { skippedByReason } from '../../operate/dead-letters/plan.ts';
import type { Plan } from '../../operate/dead-letters/plan-file.ts';
import type { Result } from '../common/result.ts';

const SHOWN = 20;

/** A plan for people: how many, which of them first, and what is left where it is. */
export function planInWords({ id, records, skipped, madeAt, madeBy }: Plan): string[] {
  const shown = records.slice(0, SHOWN).map(({ record, paymentId }) => `  ${record}  ${paymentId ?? ''}`);
  return [
    `redrive ${id}, planned by ${madeBy} at ${madeAt}: ${records.length} letters are to be sent again`,
    ...shown,
    ...(records.length > shown.length ? [`  and ${records.length - shown.length} more`] : []),
    ...[...skippedByReason(skipped)].map(([why, count]) => `${count} are left where they are: ${why}`),
  ];
}

/** What a run did, or would do. */
export function resultOf(plan: Plan, { sent, skipped }: Done, text: readonly string[]): Result {
  const all = [...plan.skipped, ...skipped];
  const words = [...skippedByReason(skipped)].map(([why, count]) => `${count} skipped: ${why}`);
  const json = { id: plan.id, planned: plan.records.length, sent, skipped: all.length };
  return { text: [...text, ...words], json: { ...json, why: Object.fromEntries(skippedByReason(all)) } };
}
