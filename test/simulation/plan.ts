import { Random } from '../chaos/random.ts';
import type { DelaySettings } from './delays.ts';

/** What may be done to a world, each with how often it comes beside the others. */
export const FAULTS = {
  kill: 3,
  roll: 4,
  freeze: 2,
  join: 2,
  leave: 2,
  broker_stop: 2,
  leader_move: 3,
  coordinator_move: 2,
  forget_sessions: 1,
  throttle: 1,
  cut: 2,
  reset: 3,
  late_write: 3,
  late_commit: 2,
  gateway_away: 2,
  refuses_everybody: 1,
  crowded: 1,
  registry_away: 1,
  clock_step: 1,
  clock_drift: 1,
  right_taken: 1,
  partitions_added: 1,
  topic_remade: 1,
  open_transaction: 2,
  redrive: 3,
} as const satisfies Readonly<Record<string, number>>;
export type FaultKind = keyof typeof FAULTS;

export function isFault(kind: string): kind is FaultKind {
  return Object.hasOwn(FAULTS, kind);
}

/** Everything about one world that its seed decides before it begins. */
export interface Plan {
  readonly seed: number;
  readonly brokers: number;
  readonly partitions: number;
  readonly members: number;
  readonly events: number;
  readonly keys: number;
  /** Events come and faults are made for so long, in milliseconds; then all is healed. */
  readonly lastsMs: number;
  /** How much more often than in `fates.ts` payments meet with trouble. */
  readonly trouble: number;
  /** Events that can be read, of all. */
  readonly readable: number;
  readonly settings: MemberSettings;
  /** Whether members that are replaced come back with other settings. */
  readonly changesSettings: boolean;
  readonly delays: DelaySettings;
  readonly inside: InsideDelays;
  /** Whether the brokers say when a record was written, and not who has written it. */
  readonly isAppendTime: boolean;
  readonly faults: readonly FaultKind[];
  /** Between two faults, in milliseconds. */
  readonly pauseMs: { readonly least: number; readonly most: number };
}

/** How long things take among the brokers, at most, in milliseconds. */
export interface InsideDelays {
  readonly initialRebalanceDelayMs: number;
  readonly replicationMs: number;
  readonly loadMs: number;
  readonly failoverMs: number;
  readonly newsMs: number;
  readonly catchUpMs: number;
  readonly markerMs: number;
}

/** Settings that may differ between members of one group. */
export interface MemberSettings {
  readonly ORDERING: 'partition' | 'key';
  readonly RETRY_DELAYS: string;
  readonly OUTCOMES_TOPIC: string;
}

/** Of the simulated source; everything belongs to it. */
export const SOURCE = 'payment-final';
export const GROUP = 'payment-notifier';
export const OUTCOMES = `${SOURCE}.outcomes`;
export const DEAD_LETTERS = `${SOURCE}.dead-letter`;
const RETRY_DELAYS = ['1s,2s,4s', '1s,3s', '2s'] as const;

/** The topic of `main` or a tier. */
export function topicOf(tier: string): string {
  return tier === 'main' ? SOURCE : `${SOURCE}.retry.${tier}`;
}

/** The tiers that members of this world may have. */
export function tiersOf({ settings, changesSettings }: Plan): [string, ...string[]] {
  const delays = changesSettings ? RETRY_DELAYS : [settings.RETRY_DELAYS];
  return [...new Set(delays.flatMap((text) => text.split(',')))] as [string, ...string[]];
}

/**
 * What a seed means. Each seed leaves most faults out, so that each of them is seen alone and with few others, and some
 * worlds are fast where others are slow.
 */
export function planOf(seed: number): Plan {
  const random = new Random(seed, 'plan');
  const maybe = (share: number): boolean => random.next() < share;
  const longestMs = random.pick([50, 400, 3_000]);
  const least = random.pick([200, 1_000, 3_000]);
  return {
    seed,
    brokers: random.pick([1, 2, 3]),
    partitions: random.between(1, 4),
    members: random.between(1, 3),
    events: random.between(30, 70),
    keys: random.between(2, 12),
    lastsMs: random.between(40_000, 80_000),
    trouble: random.pick([1, 1, 2]),
    readable: maybe(0.5) ? 1 : 0.95,
    settings: drawSettings(random),
    changesSettings: maybe(0.4),
    inside: {
      initialRebalanceDelayMs: random.pick([0, 3_000]),
      replicationMs: random.pick([0, 0, 5, 200]),
      loadMs: random.pick([0, 100, 2_000]),
      failoverMs: random.pick([0, 500, 4_000]),
      newsMs: random.pick([0, 50, 1_000]),
      catchUpMs: random.pick([0, 300, 3_000]),
      markerMs: random.pick([0, 20, 1_000]),
    },
    delays: { usualMs: random.pick([0, 2, 10]), tail: random.pick([0, 0.002, 0.02]), longestMs },
    isAppendTime: maybe(0.2),
    faults: (Object.keys(FAULTS) as FaultKind[]).filter(() => maybe(0.35)),
    pauseMs: { least, most: least * random.between(2, 5) },
  };
}

/** Settings as an operator may choose them. */
export function drawSettings(random: Random): MemberSettings {
  return {
    ORDERING: random.pick(['partition', 'key']),
    RETRY_DELAYS: random.pick(RETRY_DELAYS),
    OUTCOMES_TOPIC: random.pick([OUTCOMES, '']),
  };
}
