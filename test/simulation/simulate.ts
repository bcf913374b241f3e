import type { Line } from './history.ts';
import type { Judge } from './judge/judge.ts';
import type { Violation } from './judge/violations.ts';
import type { Member } from './member.ts';
import { allParts, type Parts } from './parts.ts';
import type { Plan } from './plan.ts';
import { schedule } from './schedule.ts';
import { wholeOf, type Whole } from './whole.ts';
import { World } from './world.ts';

/** What has come of a world. */
export interface Outcome {
  readonly plan: Plan;
  /** What of the plan was played. */
  readonly parts: Parts;
  /** The first thing that was wrong; the world ends with it. */
  readonly violation: Violation | undefined;
  /** What happened to the event concerned, and what was done to the world meanwhile. */
  readonly story: readonly string[];
  /** Of the history: the same for the same seed. */
  readonly digest: string;
  readonly lines: readonly Line[];
  /** In which situations its faults have met its members, and how often. */
  readonly situations: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly simulatedMs: number;
}

const MOST_STEPS = 500_000;
/** After everything is healed. */
const SETTLED_WITHIN_MS = 300_000;
const LOOKS_EVERY_MS = 1_000;
/** Outcomes and the last commits may still be on their way, and a topic that is there again be looked for. */
const QUIET_MS = 10_000;

/** Plays the world of a seed, or parts of it, to its end, or to the first thing that is wrong in it. */
export async function simulate(seed: number, some: Partial<Parts> = {}): Promise<Outcome> {
  const whole = wholeOf(seed);
  const parts = { ...allParts(whole), ...some };
  const world = new World(whole.plan);
  const { judge, time } = world;
  try {
    const stage = { ...prepare(world, whole, parts), isOver: false };
    while (!stage.isOver && judge.violations.length === 0 && (await world.step())) {
      if (time.steps > MOST_STEPS) judge.endless(time.steps);
      stage.isOver = stage.hasEnded();
    }
    if (judge.violations.length === 0) judge.atLast();
    return outcomeOf(world, parts);
  } finally {
    world.end();
  }
}

/** @returns whether the world has come to its end */
function prepare(world: World, { records, faults }: Whole, parts: Parts): { hasEnded: () => boolean } {
  const { plan, time, judge } = world;
  for (const number of parts.members) world.start(number, plan.settings);
  for (const record of records.filter(({ number }) => parts.events.includes(number))) {
    time.after(record.atMs, () => world.topics.write(record));
  }
  const heal = schedule(
    world,
    faults.filter(({ number }) => parts.faults.includes(number)),
  );
  let healed = false;
  let committedSince = Infinity;
  let isStopping = false;
  time.after(plan.lastsMs, () => {
    heal();
    healed = true;
  });
  const look = (): void => {
    judge.look(world.topics.lanes(), time.now);
    const isQuiet = world.disturbances.quietSince !== Infinity && judge.isAllCommitted(world.topics.lanes());
    committedSince = isQuiet ? Math.min(committedSince, time.now) : Infinity;
    const isDone = time.now - committedSince >= QUIET_MS || world.nowMs > plan.lastsMs + SETTLED_WITHIN_MS;
    if (healed && isDone && !isStopping) {
      isStopping = true;
      if (committedSince !== Infinity) for (const member of world.members) void lookInto(member, judge);
    }
    // Also who starts late, in place of another.
    if (isStopping) for (const member of world.members.filter(({ isFree }) => isFree)) member.stop();
    time.after(LOOKS_EVERY_MS, look);
  };
  time.after(LOOKS_EVERY_MS, look);
  return { hasEnded: () => isStopping && world.members.length === 0 };
}

/** When everything is committed. */
async function lookInto(member: Member, judge: Judge): Promise<void> {
  if (member.isFree) judge.holds(member.name, await member.held());
}

function outcomeOf(world: World, parts: Parts): Outcome {
  const [violation] = world.judge.violations;
  const { history, plan, time, nowMs } = world;
  const story =
    violation === undefined ? [] : history.about(violation.names, ({ who }) => who === 'fault' || who === 'world');
  return {
    ...{ plan, parts, violation, story, lines: history.lines, situations: world.situations.counts },
    ...{ digest: history.digest(), steps: time.steps, simulatedMs: nowMs },
  };
}
