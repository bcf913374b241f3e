/** The assigner by which members of this service share partitions; a group with another one is used by something else. */
export const ASSIGNER_NAME = 'payment-notifier-copartitioned';

/** A member of the group as it asks to join. */
export interface Member {
  readonly id: string;
  /** Partition numbers it owned last, and in which generation that was. */
  readonly owned: readonly number[];
  readonly generation: number;
}

/**
 * Shares partition numbers among members so that loads differ by one at most and as few as possible move.
 *
 * A number stands for the source partition and its counterparts in every retry topic: they always go together, so
 * everything about a key lives in one process. Where two members claim a number, the later generation is right.
 *
 * @returns every member's numbers, ascending
 */
export function sharePartitions(numbers: readonly number[], members: readonly Member[]): Map<string, number[]> {
  const shares = new Map<string, number[]>(members.map(({ id }) => [id, []]));
  const unshared = new Set(numbers);
  const smallest = Math.floor(numbers.length / members.length);
  let larger = numbers.length % members.length;

  const byClaim = [...members].sort((a, b) => b.generation - a.generation || compare(a.id, b.id));
  for (const { id, owned } of byClaim) {
    const share = shares.get(id) ?? [];
    for (const number of owned) {
      if (!unshared.has(number)) continue;
      const full = share.length >= smallest && (share.length > smallest || larger === 0);
      if (full) break;
      if (share.length === smallest) larger -= 1;
      share.push(number);
      unshared.delete(number);
    }
  }
  const rest = [...unshared].sort((a, b) => a - b);
  for (const number of rest) leastLoaded(shares).push(number);
  for (const share of shares.values()) share.sort((a, b) => a - b);
  return shares;
}

function leastLoaded(shares: ReadonlyMap<string, number[]>): number[] {
  let least: number[] | undefined;
  for (const [, share] of [...shares].sort(([a], [b]) => compare(a, b))) {
    if (least === undefined || share.length < least.length) least = share;
  }
  if (least === undefined) throw new RangeError('a group without members has nobody to serve a partition');
  return least;
}

/** No two members share an id. */
function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Which partitions there are to serve, and which source partitions nobody can serve yet. */
export interface Servable {
  readonly partitions: ReadonlyMap<string, readonly number[]>;
  /** Source partitions that lack their number in one of the topics their records may have to move to. */
  readonly unserved: readonly number[];
}

/**
 * The partitions of the topics that are read, less the source partitions without counterparts. A counterpart that is
 * gone as a whole limits nothing: records that have to move there wait until it is made again, and all others flow.
 *
 * @param counts partitions by topic, of every topic that is read or written
 * @param read the source and every retry topic
 * @param counterparts where records of the source may have to move: configured retry topics and dead letters
 */
export function servable(
  counts: ReadonlyMap<string, number>,
  source: string,
  read: readonly string[],
  counterparts: readonly string[],
): Servable {
  const existing = counterparts.map((topic) => counts.get(topic) ?? 0).filter((count) => count > 0);
  const floor = Math.min(...existing);
  const partitions = new Map<string, readonly number[]>();
  for (const topic of read) {
    const count = counts.get(topic) ?? 0;
    partitions.set(topic, upTo(topic === source ? Math.min(count, floor) : count));
  }
  return { partitions, unserved: upTo(counts.get(source) ?? 0).filter((number) => number >= floor) };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
