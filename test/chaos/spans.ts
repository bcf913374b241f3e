import type { Evidence, Fault } from './evidence.ts';

/** A piece of time, ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Something that a lane did. */
export interface LaneWork extends Span {
  /** `<tier>:<partition>`. */
  readonly lane: string;
}

/** A commit follows its answer within this time, or something is wrong with the brokers. */
const COMMIT_MS = 5_000;
/** Answers this close to the moment in which connections are cut may not have arrived. */
const ON_THE_WAY_MS = 500;

/** The storing of an assignment and the first request under it may fall into one tick of the clock. */
const CLOCK_SLACK_MS = 10;

/**
 * The faults that may have kept this work of a lane from being committed.
 *
 * A killed, frozen, evicted or uncleanly ended member: what it had in flight, and the commit on its way, in lanes that it
 * owned at that time and in no other. A broker that goes away may take the coordinator with it, so that a member's epoch
 * ends before its last commit, and it may have led what was written to: that concerns every lane, as do connections to
 * the gateway that are cut. Joins, leaves, rolls, leaders that move and added partitions disrupt nothing.
 */
export function disruptionsOf(
  work: LaneWork,
  { faults, owned, sessionTimeoutMs }: Pick<Evidence, 'faults' | 'owned' | 'sessionTimeoutMs'>,
): Fault[] {
  const owners = new Set(
    owned
      .filter(({ lanes, from, to }) => lanes.has(work.lane) && meet(work, { from, to }, CLOCK_SLACK_MS))
      .map(({ member }) => member),
  );
  return faults.filter((fault) => {
    const { from, to, whom = '' } = fault;
    switch (fault.kind) {
      case 'kill':
      case 'freeze':
      case 'unclean_end':
        return owners.has(whom) && meet(work, { from, to }, COMMIT_MS);
      case 'eviction':
        return owners.has(whom) && meet(work, { from: from - sessionTimeoutMs, to }, COMMIT_MS);
      case 'broker_kill':
      case 'broker_restart':
        return meet(work, { from, to }, COMMIT_MS);
      case 'gateway_down':
        return meet(work, { from, to: from }, ON_THE_WAY_MS);
      case 'roll':
      case 'join':
      case 'leave':
      case 'leaders_move':
      case 'partitions_added':
      case 'registry_down':
      case 'systemic':
      case 'rate_cap':
        return false;
    }
  });
}

/** Whether two pieces of time touch, give or take some milliseconds. */
function meet(a: Span, b: Span, slackMs: number): boolean {
  return a.from <= b.to + slackMs && a.to >= b.from - slackMs;
}

/**
 * The times in which nobody could send: a broker, the registry or the gateway is away, the gateway refuses everybody, or
 * the group waits for a member that will not answer, until its session ends. Overlapping ones are one.
 */
export function impossible(faults: readonly Fault[], { sessionTimeoutMs }: Pick<Evidence, 'sessionTimeoutMs'>): Span[] {
  const brokers = faults.filter(({ kind }) => kind === 'broker_kill' || kind === 'broker_restart');
  const silent = (from: number): Span => {
    const until = from + sessionTimeoutMs;
    // A coordinator that has come back gives every member a whole session.
    const anew = brokers.filter((broker) => broker.from <= until && broker.to >= from);
    return { from, to: Math.max(until, ...anew.map(({ to }) => to + sessionTimeoutMs)) };
  };
  const spans = faults.flatMap((fault): Span[] => {
    switch (fault.kind) {
      case 'kill':
      case 'freeze':
      case 'unclean_end':
        return [silent(fault.from)];
      case 'eviction':
        return [{ from: fault.from - sessionTimeoutMs, to: fault.to }];
      case 'broker_kill':
      case 'broker_restart':
      case 'registry_down':
      case 'gateway_down':
      case 'systemic':
        return [fault];
      case 'roll':
      case 'join':
      case 'leave':
      case 'leaders_move':
      case 'partitions_added':
      case 'rate_cap':
        return [];
    }
  });
  const joined: Span[] = [];
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last === undefined || span.from > last.to) joined.push({ from: span.from, to: span.to });
    else joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
  }
  return joined;
}

/** How much of the time from `from` to `to` lies outside these spans, which do not overlap. */
export function outside(from: number, to: number, spans: readonly Span[]): number {
  const inside = spans.map((span) => Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)));
  return Math.max(0, to - from) - inside.reduce((sum, ms) => sum + ms, 0);
}
