import { VIOLATIONS } from './judge/violations.ts';
import { rangesOf, type Parts } from './parts.ts';
import type { Outcome } from './simulate.ts';

const SHOWN = 400;

/** A world in one line. */
export function planLine({ plan, parts, digest, steps, simulatedMs }: Outcome): string {
  const { seed, partitions, faults, settings, changesSettings } = plan;
  return [
    `seed ${seed}: ${partitions} partitions`,
    ...Object.entries(parts).map(([kind, { length }]) => `${length} ${kind}`),
    `${Object.values(settings).join(' ')}${changesSettings ? ' and others' : ''}`,
    ...(faults.length === 0 ? [] : [faults.join(', ')]),
    `${(simulatedMs / 1_000).toFixed(1)} s in ${steps} steps`,
    `digest ${digest.slice(0, 16)}`,
  ].join(' · ');
}

/**
 * What is wrong in a world, what happened to the event concerned, and how to see it again; nothing where all is well.
 *
 * @param parts that were played, where it was not all
 */
export function violationLines({ plan, violation, story }: Outcome, parts: Partial<Parts> = {}): string[] {
  if (violation === undefined) return [];
  return [
    '',
    ...story.slice(-SHOWN),
    '',
    `${violation.kind}: ${violation.detail}`,
    `(${VIOLATIONS[violation.kind]})`,
    `To see it again: ${commandOf(plan.seed, parts)}`,
  ];
}

/** What plays this world, or these parts of it. */
function commandOf(seed: number, parts: Partial<Parts>): string {
  const options = Object.entries(parts).map(([kind, numbers]) => ` --${kind} ${rangesOf(numbers)}`);
  return `npm run test:simulation -- --seed ${seed}${options.join('')}`;
}
