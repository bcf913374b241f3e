import { deck } from '../chaos/random.ts';
import { Fault } from './faults/fault.ts';
import { make } from './faults/make.ts';
import { MOMENTS, type Moment } from './moments.ts';
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
  /** What it waits for then, so that it meets what is short; and for so long after that, in milliseconds. */
  readonly moment: Moment | 'none';
  readonly afterMs: number;
}

/** A fault that waits for its moment in vain comes nevertheless. */
const WAITS_MS = 5_000;

/** The faults of a world, one after the other; what goes on for a while may overlap. */
export function plannedFaults({ seed, faults, pauseMs, lastsMs }: Plan): PlannedFault[] {
  if (faults.length === 0) return [];
  const streams = new Streams(seed);
  const [random, moments] = [streams.of('faults'), streams.of('moments')];
  const cards = deck(Object.fromEntries(faults.map((kind) => [kind, FAULTS[kind]])), random);
  const pause = (): number => random.between(pauseMs.least, pauseMs.most);
  const planned: PlannedFault[] = [];
  for (let atMs = pause(); atMs < lastsMs; atMs += pause()) {
    const moment = moments.next() < 0.5 ? 'none' : moments.pick(MOMENTS);
    const afterMs = moments.pick([0, 0, 2, 20, 200]);
    planned.push({ number: planned.length + 1, atMs, kind: cards.next().value as FaultKind, moment, afterMs });
  }
  return planned;
}

/** Lets each fault happen when its time has come. @returns ends all that goes on, and lets nothing more happen */
export function schedule(world: World, faults: readonly PlannedFault[]): () => void {
  const { time, moments } = world;
  const going = new Set<() => void>();
  let isHealed = false;
  for (const { number, atMs, kind, moment, afterMs } of faults) {
    const happen = (whom?: string): void => {
      if (!isHealed) make(new Fault(world, number, kind, going, whom));
    };
    time.after(atMs, () => {
      if (moment === 'none') {
        happen();
        return;
      }
      const giveUp = moments.await(moment, (whom) => time.after(afterMs, () => happen(whom)));
      time.after(WAITS_MS, () => {
        if (giveUp()) happen();
      });
    });
  }
  return () => {
    isHealed = true;
    for (const end of going) end();
    world.note('world', 'everything is healed');
  };
}
