import { Random } from '../chaos/random.ts';
import { recordsOf, type NewRecord } from './load.ts';
import { planOf, type Plan } from './plan.ts';
import { plannedFaults, type PlannedFault } from './schedule.ts';
import { BEGINNING } from './world.ts';

/** Everything that a seed decides before its world begins. */
export interface Whole {
  readonly plan: Plan;
  readonly records: readonly NewRecord[];
  readonly faults: readonly PlannedFault[];
}

export function wholeOf(seed: number): Whole {
  const plan = planOf(seed);
  return { plan, records: recordsOf(plan, new Random(seed, 'load'), BEGINNING), faults: plannedFaults(plan) };
}
