import { deck } from '../chaos/random.ts';
import { Fault } from './faults/fault.ts';
import { make } from './faults/make.ts';
import { FAULTS, type FaultKind, type Plan } from './plan.ts';
import { Streams } from './streams.ts';
import type { World } from './world.ts';

/** A fault that is to be made. */
export interface PlannedFault {
  /** From 1 on. */
  readonly number: number;
  /** From the beginning, in milliseconds. */
  readonly atMs: number;
  readonly kind: FaultKind;
}

/** The faults of a world, one after the other; what goes on for a while may overlap. */
export function plannedFaults({ seed, faults, pauseMs, lastsMs }: Plan): PlannedFault[] {
  if (faults.length === 0) return [];
  const random = new Streams(seed).of('faults');
  const cards = deck(Object.fromEntries(faults.map((kind) => [kind, FAULTS[kind]])), random);
  const pause = (): number => random.between(pauseMs.least, pauseMs.most);
  const planned: PlannedFault[] = [];
  for (let atMs = pause(); atMs < lastsMs; atMs += pause()) {
    planned.push({ number: planned.length + 1, atMs, kind: cards.next().value as FaultKind });
  }
  return planned;
}

/** Lets each fault happen when its time has come. @returns ends all that goes on, and lets nothing more happen */
export function schedule(world: World, faults: readonly PlannedFault[]): () => void {
  const going = new Set<() => void>();
  for (const { number, atMs, kind } of faults) {
    world.time.after(atMs, () => make(new Fault(world, number, kind, going)));
  }
  return () => {
    for (const end of going) end();
    world.note('world', 'everything is healed');
  };
}
