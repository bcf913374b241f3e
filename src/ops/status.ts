import { durationMs } from '../core/duration.ts';
import { readProvenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import { MAIN_TIER, type Topology } from '../core/topology.ts';
import type { Fact } from '../pipeline/facts.ts';
import type { Wait } from '../pipeline/waits.ts';
import type { Trouble } from './trouble.ts';
import type { MEMBER_STATES } from './metric-table.ts';

/** What the service looks like now, as `GET /status` shows it. Times are ISO 8601; no secret, no payment. */
export interface Status {
  readonly member: {
    readonly id: string | null;
    readonly generation: number | null;
    readonly state: (typeof MEMBER_STATES)[number];
    readonly since: string;
  };
  readonly hold: { readonly reason: string; readonly since: string } | null;
  /** Requests per second, 0 = no cap. */
  readonly pace: { readonly limit: number };
  readonly lanes: readonly LaneStatus[];
  readonly parked: readonly ParkedStatus[];
  readonly keys: { readonly active: string; readonly signing: string; readonly versions: readonly string[] };
  /** Newest first. */
  readonly trouble: readonly (Trouble & { readonly at: string })[];
}

/** One partition of this member. */
export interface LaneStatus {
  readonly topic: string;
  readonly partition: number;
  readonly tier: string;
  /** The offset to read next. */
  readonly position: number;
  readonly committed: number;
  /** Records not yet committed; `null` as long as the brokers have not said. */
  readonly lag: number | null;
  /** A reason of `notifier_waiting_partitions`, `hold`, or `due`: the first record's time has not come. `null`: nothing. */
  readonly waitsFor: string | null;
  readonly since: string | null;
}

/** What waits for its retry. */
export interface ParkedStatus {
  readonly tier: string;
  readonly partition: number;
  readonly records: number;
  readonly keys: number;
}

/** A lane as the status needs it. */
export interface LaneView {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly committed: number;
  readonly end: number | undefined;
  readonly oldest: KafkaRecord | undefined;
  readonly wait: Wait | undefined;
}

/** What is asked of the other parts when somebody looks. Times in epoch milliseconds. */
export interface StatusParts {
  readonly member: Omit<Status['member'], 'since'> & { readonly since: number };
  readonly lanes: readonly LaneView[];
  readonly parked: readonly ParkedStatus[];
  readonly pace: Status['pace'];
  readonly keys: Status['keys'];
}

type Held = Readonly<{ reason: string; since: number }>;

const MOST_TROUBLE = 20;

/** Remembers of what happened what a look at the service should show. */
export class StatusKeeper {
  readonly #topology: Topology;
  readonly #now: () => number;
  #hold: Held | undefined;
  readonly #trouble: Status['trouble'][number][] = [];

  /** @param now epoch milliseconds */
  constructor(topology: Topology, now: () => number) {
    this.#topology = topology;
    this.#now = now;
  }

  readonly observe = (fact: Fact): void => {
    if (fact.kind === 'hold_began') this.#hold = { reason: fact.reason, since: this.#now() };
    else if (fact.kind === 'hold_ended') this.#hold = undefined;
  };

  readonly troubled = (trouble: Trouble): void => {
    this.#trouble.unshift({ at: iso(this.#now()), ...trouble });
    this.#trouble.splice(MOST_TROUBLE);
  };

  /** What the service looks like now. */
  status({ member, lanes, parked, pace, keys }: StatusParts): Status {
    const hold = this.#hold;
    const shown = lanes.map((lane) => this.#lane(lane, hold));
    return {
      member: { ...member, since: iso(member.since) },
      hold: hold === undefined ? null : { reason: hold.reason, since: iso(hold.since) },
      pace,
      lanes: shown.sort(order),
      parked: [...parked].sort(order),
      keys,
      trouble: [...this.#trouble],
    };
  }

  #lane(lane: LaneView, hold: Held | undefined): LaneStatus {
    const { topic, partition, position, committed, end } = lane;
    const waits = this.#waits(lane, hold);
    return {
      ...{ topic, partition, tier: this.#topology.tierOf(topic), position, committed },
      lag: end === undefined ? null : Math.max(0, end - committed),
      waitsFor: waits?.reason ?? null,
      since: waits === undefined ? null : iso(waits.since),
    };
  }

  /** A record that is not due waits for that, whether sending is held or not. */
  #waits({ wait, oldest }: LaneView, hold: Held | undefined): { reason: string; since: number } | undefined {
    if (wait !== undefined || oldest === undefined) return wait;
    const { notBefore = 0 } = readProvenance(oldest, this.#topology.source);
    if (this.#topology.tierOf(oldest.topic) !== MAIN_TIER && notBefore > this.#now()) {
      return { reason: 'due', since: oldest.timestamp };
    }
    return hold && { reason: 'hold', since: hold.since };
  }
}

interface Placed {
  readonly tier: string;
  readonly partition: number;
}

/** The source first, then by delay. */
function order(a: Placed, b: Placed): number {
  const [delayOfA = 0, delayOfB = 0] = [durationMs(a.tier), durationMs(b.tier)];
  return delayOfA - delayOfB || a.partition - b.partition;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
