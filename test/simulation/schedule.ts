import { deck, type Random } from '../chaos/random.ts';
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

/** Of the pauses between two faults: in a group that is never left alone nothing comes of what was wrong. */
const CALMS = 0.12;
const CALM_MS = { least: 8_000, most: 20_000 } as const;
/** A fault that waits for its moment in vain comes nevertheless. */
const WAITS_MS = 5_000;

/** The faults of a world, one after the other; what goes on for a while may overlap. */
export function plannedFaults({ seed, faults, pauseMs, lastsMs }: Plan): PlannedFault[] {
  if (faults.length === 0) return [];
  const streams = new Streams(seed);
  const [random, moments] = [streams.of('faults'), streams.of('moments')];
  const cards = deck(Object.fromEntries(faults.map((kind) => [kind, FAULTS[kind]])), random);
  const pause = (): number => {
    const { least, most } = random.next() < CALMS ? CALM_MS : pauseMs;
    return random.between(least, most);
  };
  const planned: PlannedFault[] = [];
  for (let atMs = pause(); atMs < lastsMs; atMs += pause()) {
    const kind = cards.next().value as FaultKind;
    planned.push({ number: planned.length + 1, atMs, kind, ...waitOf(kind, moments) });
  }
  return planned;
}

/** What is to come late has to be on its way just then. */
const OWN_MOMENTS: Partial<Record<FaultKind, Moment>> = { late_write: 'writing', late_commit: 'committing' };

/** Half of the faults wait for something. */
function waitOf(kind: FaultKind, random: Random): Pick<PlannedFault, 'moment' | 'afterMs'> {
  const own = OWN_MOMENTS[kind];
  if (own !== undefined) return { moment: own, afterMs: 0 };
  return { moment: random.next() < 0.5 ? 'none' : random.pick(MOMENTS), afterMs: random.pick([0, 0, 2, 20, 200]) };
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
