import type { Evidence, Fault, SeenRequest } from './evidence.ts';
import { isFinal, laneOf, nameOf, newestCopy, type History } from './history.ts';
import { disruptionsOf } from './spans.ts';
import type { Violation } from './violations.ts';

/** Requests beyond the necessary. */
export interface RepeatFigures {
  /** After a final verdict, or while its own copy waited; of each a fault explains why. */
  readonly explained: number;
  readonly unexplained: number;
  /** The verdict had come when the service had given up waiting, or on a connection that was cut: it never saw it. */
  readonly unseenVerdicts: number;
  /** Most repeats of one lane after one fault, and what it may have at most. */
  readonly most: number;
  readonly mostOfALane: string;
  readonly bound: number;
}

/** An answer that took longer than this part of the time-out may be read, by a process that had to wait, too late. */
const SLOW_SHARE = 0.5;
const CLOCK_SLACK_MS = 50;

/**
 * A request is a repeat where the one before it brought the final verdict, or where the record's own copy stands in a
 * retry topic and is not yet due. A repeat that brings none is parked and retried like any other; that is no further
 * repeat. Nothing may repeat but what a fault has caught between a request and its commit: of each lane (a topic's
 * partition) that the fault's victim owned then, at most those in flight, and as many whose commit was on its way.
 */
export function judgeRepeats(
  all: readonly History[],
  evidence: Evidence,
): { violations: Violation[]; figures: RepeatFigures } {
  const violations: Violation[] = [];
  const perLane = new Map<Fault, Map<string, number>>();
  let [explained, unexplained, unseenVerdicts] = [0, 0, 0];

  for (const history of all) {
    history.requests.forEach((request, at) => {
      const before = history.requests[at - 1];
      const repeat = kindOfRepeat(history, request, before);
      if (repeat === undefined) return;
      if (before !== undefined && cameTooLate(history, before, evidence)) {
        unseenVerdicts += 1;
        return;
      }
      const lane = before === undefined ? '' : laneOf(history, before.signedAt);
      const faults = before === undefined ? [] : causes(before, lane, evidence);
      const cause = leastUsed([...faults, ...delays(history, request, before, evidence)], lane, perLane);
      if (cause === undefined) {
        unexplained += 1;
        violations.push({ kind: repeat, detail: describe(history, request, before) });
      } else if (cause.kind === 'gateway_down') unseenVerdicts += 1;
      else {
        explained += 1;
        const lanes = perLane.get(cause) ?? new Map<string, number>();
        perLane.set(cause, lanes.set(lane, (lanes.get(lane) ?? 0) + 1));
      }
    });
  }

  const bound = 2 * evidence.concurrency;
  let [most, mostOfALane] = [0, ''];
  for (const [fault, lanes] of perLane) {
    for (const [lane, count] of lanes) {
      const mayRepeat = lane.startsWith('main:') ? bound : 2;
      const where = `${lane} after the ${fault.kind.replaceAll('_', ' ')} of ${fault.whom ?? 'somebody'}`;
      if (count > most) [most, mostOfALane] = [count, where];
      if (count > mayRepeat) {
        violations.push({ kind: 'too_many_repeats', detail: `${where}: ${count}, at most ${mayRepeat}` });
      }
    }
  }
  return { violations, figures: { explained, unexplained, unseenVerdicts, most, mostOfALane, bound } };
}

function kindOfRepeat(
  history: History,
  request: SeenRequest,
  before: SeenRequest | undefined,
): 'repeat' | 'early' | undefined {
  if (before !== undefined && isFinal(before)) return 'repeat';
  // What was signed before the copy was parked is no request for that copy, however late a busy gateway reads it.
  const copy = newestCopy(history, request.signedAt);
  return copy !== undefined && request.at < copy.notBefore ? 'early' : undefined;
}

/** The answer was slow, and the record stands in a retry topic for it, parked when the whole time-out had passed. */
function cameTooLate({ copies }: History, request: SeenRequest, { gatewayTimeoutMs }: Evidence): boolean {
  const { at, signedAt, answeredAt = at } = request;
  const givenUp = signedAt + gatewayTimeoutMs - CLOCK_SLACK_MS;
  const copy = copies.find((copy) => copy.at > signedAt);
  return answeredAt - signedAt > gatewayTimeoutMs * SLOW_SHARE && copy?.reason === 'timeout' && copy.at >= givenUp;
}

/** The faults that may have kept this request's record from being committed. */
function causes({ signedAt, at, answeredAt = at }: SeenRequest, lane: string, evidence: Evidence): Fault[] {
  return disruptionsOf({ lane, from: signedAt, to: answeredAt }, evidence);
}

/**
 * The faults that may have kept the copy that was sent from being written before the last request, which is of somebody
 * else: what another process still writes nobody can know.
 */
function delays(history: History, request: SeenRequest, before: SeenRequest | undefined, evidence: Evidence): Fault[] {
  const copy = newestCopy(history, request.signedAt);
  const parked = history.requests[(copy?.attempts ?? 0) - 1];
  if (before === undefined || copy === undefined || parked === undefined || parked === before) return [];
  if (copy === newestCopy(history, before.signedAt)) return [];
  return disruptionsOf({ lane: laneOf(history, parked.signedAt), from: parked.signedAt, to: copy.at }, evidence);
}

/** In favour of the service: the fault that explains the fewest of this lane so far. */
function leastUsed(
  faults: readonly Fault[],
  lane: string,
  perLane: ReadonlyMap<Fault, ReadonlyMap<string, number>>,
): Fault | undefined {
  const used = (fault: Fault): number => perLane.get(fault)?.get(lane) ?? 0;
  return [...faults].sort((a, b) => used(a) - used(b))[0];
}

function describe({ written, copies }: History, request: SeenRequest, before: SeenRequest | undefined): string {
  const twins = copies.filter((copy, at) => copies.findIndex(({ hops }) => hops === copy.hops) < at);
  return [
    `${nameOf(written)} (${written.paymentId}): request ${request.seq}`,
    before === undefined ? 'is its first' : `${request.at - before.at} ms after request ${before.seq}`,
    `of ${new Date(before?.at ?? request.at).toISOString()}, answered ${before?.answered ?? 'nothing'}`,
    ...(twins.length > 0 ? [`it was parked twice with the same number of hops (${twins[0]?.tier ?? ''})`] : []),
  ].join(', ');
}
