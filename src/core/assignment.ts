/** The assigner by which members of this service share partitions; a group with another one is used by something else. */
export const ASSIGNER_NAME = 'payment-notifier-copartitioned';

/** Who asks for partitions. */
interface Claimant {
  readonly id: string;
  /** Partition numbers it owned last, and in which generation that was. */
  readonly owned: readonly number[];
  readonly generation: number;
}

/** A member of the group as it asks to join. */
export interface Member extends Claimant {
  /** The topics it reads, the source first; empty where it does not say. */
  readonly reads: readonly string[];
  /** Where its records may have to move, the dead letters included; empty where it does not say. */
  readonly needs: readonly string[];
}

/** What the members of a group are to serve together, and who takes part. */
export interface Agreement {
  readonly source: string;
  /** Every topic that one of them reads. */
  readonly read: readonly string[];
  /** Every topic that one of them has to write. */
  readonly counterparts: readonly string[];
  readonly members: readonly Member[];
  /** Members that read another source: two sources in one group would each be served in part. */
  readonly refused: readonly Member[];
}

/**
 * What the members agree on: the source of whoever served last, and all that any member of that source reads or needs. So
 * a member with a delay that others do not know has its retry topic read, and who comes with another source is refused.
 *
 * @returns `undefined` where nobody names a source
 */
export function agree(members: readonly Member[]): Agreement | undefined {
  const served = ({ owned, generation }: Member): number => (owned.length > 0 ? generation : -1);
  const bySeniority = [...members].sort((a, b) => served(b) - served(a) || compare(a.id, b.id));
  const source = bySeniority.find(({ reads }) => reads.length > 0)?.reads[0];
  if (source === undefined) return undefined;
  const agreeing = members.filter(({ reads }) => reads[0] === undefined || reads[0] === source);
  return {
    source,
    read: [...new Set([source, ...agreeing.flatMap(({ reads }) => reads)])],
    counterparts: [...new Set(agreeing.flatMap(({ needs }) => needs))],
    members: agreeing,
    refused: members.filter((member) => !agreeing.includes(member)),
  };
}

/**
 * Shares partition numbers among members so that loads differ by one at most and as few as possible move.
 *
 * A number stands for the source partition and its counterparts in every retry topic: they always go together, so
 * everything about a key lives in one process. Where two members claim a number, the later generation is right.
 *
 * @returns every member's numbers, ascending
 */
export function sharePartitions(numbers: readonly number[], members: readonly Claimant[]): Map<string, number[]> {
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

/**
 * The source partitions that an assignment gives without a counterpart that exists: what would be parked there is read by
 * nobody. A leader of an older version knows only its own retry topics.
 *
 * @param servable what could be served by the topics of this member
 * @param retryTopics the configured ones
 */
export function incomplete(
  assigned: ReadonlyMap<string, readonly number[]>,
  { partitions, unserved }: Servable,
  source: string,
  retryTopics: readonly string[],
): number[] {
  const existing = retryTopics.filter((topic) => (partitions.get(topic) ?? []).length > 0);
  const lacks = (number: number): boolean => existing.some((topic) => assigned.get(topic)?.includes(number) !== true);
  return (assigned.get(source) ?? []).filter((number) => unserved.includes(number) || lacks(number));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
