import { VIOLATIONS } from './judge/violations.ts';
import type { Outcome } from './simulate.ts';

const SHOWN = 400;

/** A world in one line. */
export function planLine({ plan, digest, steps, simulatedMs }: Outcome): string {
  const { seed, members, partitions, events, faults, settings, changesSettings } = plan;
  return [
    `seed ${seed}: ${members} members, ${partitions} partitions, ${events} events`,
    `${Object.values(settings).join(' ')}${changesSettings ? ' and others' : ''}`,
    faults.length === 0 ? 'no faults' : faults.join(', '),
    `${(simulatedMs / 1_000).toFixed(1)} s in ${steps} steps`,
    `digest ${digest.slice(0, 16)}`,
  ].join(' · ');
}

/** What is wrong in a world, what happened to the event concerned, and how to see it again; nothing where all is well. */
export function violationLines({ plan, violation, story }: Outcome): string[] {
  if (violation === undefined) return [];
  return [
    '',
    ...story.slice(-SHOWN),
    '',
    `${violation.kind}: ${violation.detail}`,
    `(${VIOLATIONS[violation.kind]})`,
    `To see it again: npm run test:simulation -- --seed ${plan.seed}`,
  ];
}
