import type { Copy, Evidence, Letter } from './evidence.ts';
import { describe, histories, isDelivery, laneOf, story, type Histories, type History } from './history.ts';
import { judgeOutcomes } from './judge-outcomes.ts';
import { judgeKeyOrder, judgePartitionOrder } from './judge-order.ts';
import { judgeRepeats, type RepeatFigures } from './judge-repeats.ts';
import { longestStall, longestRecovery, type Measured } from './judge-stalls.ts';
import { disruptionsOf } from './spans.ts';
import type { Violation } from './violations.ts';

/** Where the records are. */
export interface Places {
  readonly delivered: number;
  readonly deadLettered: number;
  readonly waiting: number;
  readonly uncommitted: number;
}

/** The judgement of a run. */
export interface Judgement {
  readonly violations: readonly Violation[];
  readonly records: number;
  readonly requests: number;
  readonly places: Places;
  readonly repeats: RepeatFigures;
  /** Without a request of one partition that had something to send, faults' own time taken off. */
  readonly stall: Measured;
  /** From the end of a fault to the next request. */
  readonly recovery: Measured;
}

/** The target is 5 s; what is longer than this is no slow machine any more. */
const INTOLERABLE_STALL_MS = 30_000;

/** Judges a run by the evidence alone. */
export function judge(evidence: Evidence): Judgement {
  const known = histories(evidence);
  const { all } = known;
  const located = all.map((history) => locate(history, evidence));
  const count = (place: Place): number => located.filter(({ places }) => places.includes(place)).length;
  const repeats = judgeRepeats(all, evidence);
  const stall = longestStall(all, evidence);
  return {
    violations: [
      ...judgeRequests(known, evidence),
      ...located.flatMap(({ violations }) => violations),
      ...(evidence.ordering === 'partition' ? judgePartitionOrder(all) : []),
      ...judgeKeyOrder(all),
      ...judgeBytes(all),
      ...judgeOutcomes(all, evidence),
      ...repeats.violations,
      ...(stall.ms > INTOLERABLE_STALL_MS
        ? [{ kind: 'stall' as const, detail: `${(stall.ms / 1_000).toFixed(1)} s: ${stall.where}` }]
        : []),
    ],
    records: evidence.written.length,
    requests: evidence.requests.length,
    places: {
      delivered: count('delivered'),
      deadLettered: count('dead-lettered'),
      waiting: count('waiting'),
      uncommitted: count('uncommitted'),
    },
    repeats: repeats.figures,
    stall,
    recovery: longestRecovery(evidence),
  };
}

type Place = 'delivered' | 'dead-lettered' | 'waiting' | 'uncommitted';

/** Where a record is, and what is wrong with that. */
function locate(history: History, evidence: Evidence): { places: Place[]; violations: Violation[] } {
  const { written, requests, letters, copies } = history;
  const { partition, offset } = written;
  const committed = (tier: string): number => evidence.committed.get(`${tier}:${partition}`) ?? 0;
  const live = newest(copies.filter((copy) => copy.offset >= committed(copy.tier)));
  const settledBy: Place[] = [
    ...(requests.some(isDelivery) ? ['delivered' as const] : []),
    ...(letters.length > 0 ? ['dead-lettered' as const] : []),
  ];
  const places: Place[] = [
    ...settledBy,
    ...(live.length > 0 ? ['waiting' as const] : []),
    ...(offset >= committed('main') ? ['uncommitted' as const] : []),
  ];
  const name = describe(history);
  const violations: Violation[] = [];
  if (places.length === 0) violations.push({ kind: 'lost', detail: `${name}; ${story(history)}` });
  if (evidence.settled && (places.includes('waiting') || places.includes('uncommitted'))) {
    violations.push({ kind: 'unsettled', detail: `${name} is ${places.join(' and ')}` });
  }
  if (settledBy.length > 1) violations.push({ kind: 'doubled', detail: `${name} is ${settledBy.join(' and ')}` });
  if (evidence.settled && live.length > 1) {
    const where = live.map((copy) => `${copy.tier}:${copy.partition}:${copy.offset}`).join(' and ');
    violations.push({ kind: 'doubled', detail: `${name} waits in more than one copy: ${where}` });
  }
  if (evidence.settled && live.length > 0 && settledBy.length > 0) {
    violations.push({ kind: 'doubled', detail: `${name} is ${settledBy.join(' and ')}, and waits` });
  }
  const [letter, second] = letters;
  if (letter && second && !mayStandTwice(history, letter, evidence)) {
    violations.push({
      kind: 'doubled',
      detail: `${name} stands in ${letters.length} letters, and nothing explains it`,
    });
  }
  return { places, violations };
}

/** Whether its first letter's lane was disrupted before it could commit. */
function mayStandTwice(history: History, { at }: Letter, evidence: Evidence): boolean {
  return disruptionsOf({ lane: laneOf(history, at), from: at, to: at }, evidence).length > 0;
}

/** Of the copies of one record those that count: parked most often since it was redriven last. */
function newest(copies: readonly Copy[]): Copy[] {
  const rank = ({ redriveCount, hops }: Copy): number => redriveCount * 1_000_000 + hops;
  const highest = Math.max(...copies.map(rank));
  return copies.filter((copy) => rank(copy) === highest);
}

function judgeRequests({ strangers, ambiguous, unread }: Histories, { requests }: Evidence): Violation[] {
  const refused = requests.filter(({ verification }) => verification !== 'verified' && verification !== 'not_read');
  return [
    ...ambiguous.map((paymentId) => ({ kind: 'ambiguous' as const, detail: paymentId })),
    ...unread.map((paymentId) => ({ kind: 'unread' as const, detail: paymentId })),
    ...strangers.map(({ seq, paymentId }) => ({
      kind: 'stranger' as const,
      detail: `request ${seq} for ${paymentId}`,
    })),
    ...refused.map(({ seq, paymentId, verification }) => ({
      kind: 'refused' as const,
      detail: `request ${seq} for ${paymentId}: ${verification}`,
    })),
  ];
}

function judgeBytes(all: readonly History[]): Violation[] {
  return all.flatMap((history): Violation[] => {
    const hashes = new Set([
      ...history.requests.map(({ bodySha256 }) => bodySha256),
      ...history.copies.flatMap(({ bodySha256 }) => bodySha256 ?? []),
    ]);
    return hashes.size > 1 ? [{ kind: 'bytes', detail: `${describe(history)} in ${hashes.size} versions` }] : [];
  });
}
