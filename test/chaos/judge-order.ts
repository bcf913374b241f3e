import { describe, grouped, isFinal, story, wasParkedUnsent, type History } from './history.ts';
import type { Span } from './spans.ts';
import type { Violation } from './violations.ts';

/** The gateway's clock ticks in milliseconds, and it notes an answer when the system has taken it. */
const CLOCK_SLACK_MS = 10;

/** First requests come in the order of offsets, but for records that waited behind a parked one of their key. */
export function judgePartitionOrder(all: readonly History[]): Violation[] {
  const unfenced = all.filter((history) => history.requests.length > 0 && !wasParkedUnsent(history));
  return [...grouped(unfenced, ({ written }) => String(written.partition)).values()].flatMap((partition) => {
    let latest: History | undefined;
    return partition
      .sort((a, b) => firstSeq(a) - firstSeq(b))
      .flatMap((history): Violation[] => {
        if (latest !== undefined && latest.written.offset > history.written.offset) {
          return [{ kind: 'order', detail: `${describe(history)} was sent after ${describe(latest)}` }];
        }
        latest = history;
        return [];
      });
  });
}

/**
 * No request of an event goes out while an earlier one of its key and partition is open: before that one's first verdict,
 * and again from its repetition after a fault, or from its being parked, to the verdict that follows.
 */
export function judgeKeyOrder(all: readonly History[]): Violation[] {
  const chains = grouped(all, ({ written }) => `${written.partition}:${orderKey(written)}`);
  return [...chains.values()].flatMap((chain) => {
    const open: OpenSpan[] = [];
    return chain.flatMap((history): Violation[] => {
      const found = history.requests.flatMap(({ at }): Violation[] => {
        const before = open.find(({ from, to }) => from + CLOCK_SLACK_MS < at && at + CLOCK_SLACK_MS < to);
        if (before === undefined) return [];
        const verdict = before.to === Infinity ? 'had none' : `had its verdict ${before.to - at} ms later`;
        const detail = `${describe(history)} was sent, but ${describe(before.of)} ${verdict}; ${story(before.of)}`;
        return [{ kind: 'key_order', detail }];
      });
      for (const span of openSpans(history)) remember(open, { ...span, of: history });
      return found.slice(0, 1);
    });
  });
}

interface OpenSpan extends Span {
  readonly of: History;
}

/** Two events without key are of one chain where they are of one payment; a key and a payment id never meet. */
function orderKey({ key, paymentId }: History['written']): string {
  return key === null || key === '' ? `payment ${paymentId}` : `key ${key}`;
}

/** Of the spans that begin with time itself only the longest is worth keeping. */
function remember(open: OpenSpan[], span: OpenSpan): void {
  const [first] = open;
  if (span.from > -Infinity) open.push(span);
  else if (first === undefined || first.from > -Infinity) open.unshift(span);
  else if (span.to > first.to) open[0] = span;
}

/** The times in which later events of the key have to wait for this one. */
function openSpans(history: History): Span[] {
  const { requests, copies, letters } = history;
  const letter = letters.at(-1);
  // What is no event is never sent, and keeps nobody waiting.
  if (requests.length === 0 && letter !== undefined) return [];
  const spans: Span[] = [];
  let from: number | undefined = -Infinity;
  for (const [index, request] of requests.entries()) {
    from ??= request.at;
    const next = requests[index + 1]?.at ?? Infinity;
    // Parked all the same: the service never saw the verdict.
    const parked = copies.some(({ at }) => at > request.at && at < next);
    if (!isFinal(request) || parked) continue;
    spans.push({ from, to: request.answeredAt ?? request.at });
    from = undefined;
  }
  if (from !== undefined) spans.push({ from, to: letter?.at ?? Infinity });
  return spans;
}

function firstSeq({ requests }: History): number {
  return requests[0]?.seq ?? Infinity;
}
