import type { Evidence, Fault } from './evidence.ts';

/** A piece of time, ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A fault after which a member may have to send again what it, or another, had sent but could not commit. */
export interface Disruption extends Span {
  readonly fault: Fault;
}

/** A commit follows its answer within this time, or something is wrong with the brokers. */
const COMMIT_MS = 5_000;
/** Answers this close to the moment in which connections are cut may not have arrived. */
const ON_THE_WAY_MS = 500;

/**
 * The times in which an answer may stay without its commit.
 *
 * A killed, frozen, evicted or uncleanly ended member: what it had in flight, and the commit on its way. A broker that
 * goes away may take the coordinator with it, so that a member's epoch ends before its last commit: the same as an
 * eviction of every lane. Joins, leaves, rolls, leaders that move and added partitions disrupt nothing.
 */
export function disruptions(
  faults: readonly Fault[],
  { sessionTimeoutMs }: Pick<Evidence, 'sessionTimeoutMs'>,
): Disruption[] {
  return faults.flatMap((fault): Disruption[] => {
    switch (fault.kind) {
      case 'kill':
      case 'freeze':
      case 'unclean_end':
      case 'broker_kill':
      case 'broker_restart':
        return [{ fault, from: fault.from - COMMIT_MS, to: fault.to + COMMIT_MS }];
      case 'eviction':
        return [{ fault, from: fault.from - sessionTimeoutMs - COMMIT_MS, to: fault.to + COMMIT_MS }];
      case 'gateway_down':
        return [{ fault, from: fault.from - ON_THE_WAY_MS, to: fault.from + ON_THE_WAY_MS }];
      case 'roll':
      case 'join':
      case 'leave':
      case 'leaders_move':
      case 'partitions_added':
      case 'registry_down':
      case 'systemic':
      case 'rate_cap':
        return [];
    }
  });
}

/** Whether anything from `from` to `to` falls into one of these spans. */
export function during(from: number, to: number, spans: readonly Span[]): boolean {
  return spans.some((span) => from <= span.to && to >= span.from);
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
