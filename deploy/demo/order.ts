import type { Letter, ParkedCopy, SeenRequest, Written } from './evidence.ts';

/** What the order of an event is told by. */
export interface OrderTraces {
  readonly requests: readonly SeenRequest[];
  readonly letters: readonly Letter[];
  readonly copies: readonly ParkedCopy[];
}

/** The last to be settled of the earlier events of a key. */
interface Predecessor {
  readonly name: string;
  readonly settledAt: number;
  /** One of them was. */
  readonly parked: boolean;
}

/**
 * Names of events that were sent for the first time before their turn, and what they should have waited for. There are
 * two rules. Of one key, the next event is sent only once the verdict on all earlier ones is final. Of one partition,
 * events are first sent in the order of their offsets, but for those that waited behind a parked event of their key.
 */
export function outOfOrder(
  written: readonly Written[],
  tracesOf: (record: Written) => OrderTraces,
): Map<string, string[]> {
  const hasty = new Map<string, string[]>();
  const keys = new Map<string, Predecessor>();
  const latest = new Map<number, { name: string; seq: number }>();
  for (const record of written.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)) {
    const { name, key, partition } = record;
    const traces = tracesOf(record);
    const [first] = traces.requests;
    const predecessor = keys.get(`${partition} ${key}`);
    const before = latest.get(partition);
    const waited = predecessor?.parked === true && waitedBehindKey(traces);
    if (first !== undefined && predecessor !== undefined && first.at < predecessor.settledAt) {
      hasty.set(name, [`sent before the verdict on ${predecessor.name}, which stands earlier and has the same key`]);
    } else if (first !== undefined && !waited && before !== undefined && before.seq > first.seq) {
      hasty.set(name, [`sent for the first time before ${before.name}, which stands earlier`]);
    }
    if (first !== undefined && !waited && first.seq > (before?.seq ?? 0)) {
      latest.set(partition, { name, seq: first.seq });
    }
    keys.set(`${partition} ${key}`, later(predecessor, name, traces));
  }
  return hasty;
}

/** It was parked because an earlier event of its key was. */
export function waitedBehindKey({ copies }: Pick<OrderTraces, 'copies'>): boolean {
  return copies.some(({ reason }) => reason === 'behind_parked_key');
}

/** The gateway took the event, by an answer that can be believed to a request that was right. */
export function isSuccess({ answered, verification }: SeenRequest): boolean {
  return answered === 'S SUCCESS' && verification === 'verified';
}

function later(before: Predecessor | undefined, name: string, { requests, letters, copies }: OrderTraces): Predecessor {
  const success = requests.find(isSuccess);
  const settledAt = success?.answeredAt ?? success?.at ?? letters[0]?.at ?? Infinity;
  const parked = copies.length > 0 || before?.parked === true;
  return before !== undefined && before.settledAt > settledAt ? { ...before, parked } : { name, settledAt, parked };
}
