import { Random } from '../chaos/random.ts';
import { Faults } from './faults.ts';
import type { Line } from './history.ts';
import type { Violation } from './judge/violations.ts';
import { recordsOf } from './load.ts';
import { planOf, type Plan } from './plan.ts';
import { BEGINNING, World } from './world.ts';

/** What has come of a world. */
export interface Outcome {
  readonly plan: Plan;
  /** The first thing that was wrong; the world ends with it. */
  readonly violation: Violation | undefined;
  /** What happened to the event concerned, and what was done to the world meanwhile. */
  readonly story: readonly string[];
  /** Of the history: the same for the same seed. */
  readonly digest: string;
  readonly lines: readonly Line[];
  readonly steps: number;
  readonly simulatedMs: number;
}

/** A schedule that comes to no end. */
export class Endless extends Error {
  override readonly name = 'Endless';
}

const MOST_STEPS = 500_000;
/** After everything is healed. */
const SETTLED_WITHIN_MS = 300_000;
const LOOKS_EVERY_MS = 1_000;
/** Outcomes and the last commits may still be on their way. */
const QUIET_MS = 3_000;

/**
 * Plays the world of a seed to its end, or to the first thing that is wrong in it.
 *
 * @throws Endless where it takes more than half a million steps
 */
export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(planOf(seed));
  return simulateIn(world);
}

export async function simulateIn(world: World): Promise<Outcome> {
  const { seed } = world.plan;
  try {
    const stage = { ...prepare(world), isOver: false };
    while (!stage.isOver && world.judge.violations.length === 0 && (await world.step())) {
      if (world.time.steps > MOST_STEPS) throw new Endless(`seed ${seed}: ${MOST_STEPS} steps, and no end`);
      stage.isOver = stage.hasEnded();
    }
    if (world.judge.violations.length === 0) world.judge.atLast();
    return outcomeOf(world);
  } finally {
    world.end();
  }
}

/** @returns whether the world has come to its end */
function prepare(world: World): { hasEnded: () => boolean } {
  const { plan, time, judge } = world;
  const faults = new Faults(world, new Random(plan.seed, 'faults'));
  for (let count = 0; count < plan.members; count += 1) world.start(plan.settings);
  for (const record of recordsOf(plan, new Random(plan.seed, 'load'), BEGINNING)) {
    time.after(record.atMs, () => world.write(record));
  }
  faults.begin();
  let healed = false;
  let committedSince = Infinity;
  let isStopping = false;
  time.after(plan.lastsMs, () => {
    faults.heal();
    healed = true;
  });
  const look = (): void => {
    judge.look(world.lanes(), time.now);
    committedSince = judge.isAllCommitted(world.lanes()) ? Math.min(committedSince, time.now) : Infinity;
    const isDone = time.now - committedSince >= QUIET_MS || world.nowMs > plan.lastsMs + SETTLED_WITHIN_MS;
    isStopping ||= healed && isDone;
    // Also who starts late, in place of another.
    if (isStopping) for (const member of world.members.filter(({ isFree }) => isFree)) member.stop();
    time.after(LOOKS_EVERY_MS, look);
  };
  time.after(LOOKS_EVERY_MS, look);
  return { hasEnded: () => isStopping && world.members.length === 0 };
}

function outcomeOf(world: World): Outcome {
  const [violation] = world.judge.violations;
  const { history, plan, time, nowMs } = world;
  const story =
    violation === undefined ? [] : history.about(violation.names, ({ who }) => who === 'fault' || who === 'world');
  return {
    ...{ plan, violation, story, lines: history.lines },
    ...{ digest: history.digest(), steps: time.steps, simulatedMs: nowMs },
  };
}
