import type { Evidence } from './evidence.ts';
import { grouped, wasParkedUnsent, type History } from './history.ts';
import { impossible, outside } from './spans.ts';

/** A length of time, and where it was seen. */
export interface Measured {
  readonly ms: number;
  readonly where: string;
}

const NOTHING: Measured = { ms: 0, where: '' };

/**
 * The longest time that a partition had an event to send and sent nothing, without the time in which it could not: a
 * request was in flight, or a fault was on.
 */
export function longestStall(all: readonly History[], evidence: Evidence): Measured {
  const { gatewayTimeoutMs, load } = evidence;
  const spans = impossible(evidence.faults, evidence);
  let longest = NOTHING;
  for (const [partition, own] of grouped(all, ({ written }) => String(written.partition))) {
    const firsts = own
      .filter((history) => history.requests.length > 0 && !wasParkedUnsent(history))
      .map(({ written, requests }) => ({ writtenAt: written.at, at: requests[0]?.at ?? 0 }))
      .sort((a, b) => a.at - b.at);
    const requests = own.flatMap(({ requests }) => requests).sort((a, b) => a.at - b.at);
    let next = 0;
    let idleFrom = load.from;
    for (const { at, answeredAt } of requests) {
      while (next < firsts.length && (firsts[next]?.at ?? 0) < at) next += 1;
      const from = Math.max(idleFrom, firsts[next]?.writtenAt ?? Infinity, load.from);
      const mayBeLonger = Math.min(at, load.to) - from > longest.ms;
      const ms = mayBeLonger ? outside(from, Math.min(at, load.to), spans) : 0;
      if (ms > longest.ms) longest = { ms, where: `partition ${partition} until ${new Date(at).toISOString()}` };
      idleFrom = Math.max(idleFrom, answeredAt ?? at + gatewayTimeoutMs);
    }
  }
  return longest;
}

/** The longest time from the end of a fault to the next request of anybody, without the time in which another was on. */
export function longestRecovery({ faults, requests, load, sessionTimeoutMs }: Evidence): Measured {
  let longest = NOTHING;
  let next = 0;
  const times = requests.map(({ at }) => at).sort((a, b) => a - b);
  const spans = impossible(faults, { sessionTimeoutMs });
  for (const { from, to } of spans) {
    if (to < load.from || to > load.to) continue;
    while (next < times.length && (times[next] ?? 0) < to) next += 1;
    const ms = outside(to, times[next] ?? load.to, spans);
    if (ms <= longest.ms) continue;
    const kinds = new Set(faults.filter((fault) => fault.from >= from && fault.from <= to).map(({ kind }) => kind));
    longest = { ms, where: `after ${[...kinds].join(', ').replaceAll('_', ' ')}` };
  }
  return longest;
}
