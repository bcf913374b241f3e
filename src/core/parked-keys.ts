import type { Provenance } from './provenance.ts';
import type { KafkaRecord } from './record.ts';
import type { Topology } from './topology.ts';

/** A copy of a parked event, somewhere in a retry topic. */
export interface Copy {
  /** As `orderKey` gives it. */
  readonly key: string;
  /** The event's offset in the source partition. */
  readonly origin: number;
  readonly redrives: number;
  /** Times parked. */
  readonly hops: number;
  /** Which retry topic, and where in it. */
  readonly tier: string;
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly notBefore: number;
}

/** Whose turn it is, seen from one record. */
export type Turn =
  /** Its own: no earlier event of its key is parked. */
  | { readonly kind: 'send' }
  /** Not this record's: its event goes on in another copy. */
  | { readonly kind: 'pass' }
  /** Its own, once older copies of the same event are out of the way. */
  | { readonly kind: 'wait' }
  /** Its predecessor's: it waits where, and as long as, that one does. */
  | { readonly kind: 'behind'; readonly tier: string; readonly notBefore: number };

/** What is known of one tier's topic: every copy from `from` to before `to`, offsets both. */
interface Known {
  readonly from: number;
  readonly to: number;
}

/**
 * What is parked of one partition, by key: the order that survives parking.
 *
 * A record is sent only if its event is the earliest of its key and the record is that event's newest copy (the one most
 * often redriven, then most often parked). So a crash between parking and committing, which leaves an event in two tiers,
 * neither repeats it nor lets a later one overtake it.
 *
 * A copy joins when it is written or read, and leaves when it is settled. For each tier `ParkedKeys` knows how far its topic
 * was read, so that what is known need not be read again.
 */
export class ParkedKeys {
  /** The copies of each key in the order of `byAge`. */
  readonly #keys = new Map<string, Copy[]>();
  readonly #known = new Map<string, Known>();
  #size = 0;

  /** Keys of which an event is parked. */
  get keys(): number {
    return this.#keys.size;
  }

  /** Copies known. */
  get size(): number {
    return this.#size;
  }

  /** A copy was read. One that is known already changes nothing. */
  join(copy: Copy): void {
    const copies = this.#keys.get(copy.key) ?? [];
    const at = placeOf(copies, copy);
    if (isSame(copies[at], copy)) return;
    copies.splice(at, 0, copy);
    this.#keys.set(copy.key, copies);
    this.#size += 1;
  }

  /** A copy was written. Where its topic is read beyond it already, it has joined, and may even have left. */
  written(copy: Copy): void {
    if (copy.offset >= (this.#known.get(copy.tier)?.to ?? 0)) this.join(copy);
  }

  /** A copy is settled. */
  leave(copy: Copy): void {
    const copies = this.#keys.get(copy.key) ?? [];
    const at = placeOf(copies, copy);
    if (!isSame(copies[at], copy)) return;
    copies.splice(at, 1);
    if (copies.length === 0) this.#keys.delete(copy.key);
    this.#size -= 1;
  }

  /** The record at this place was settled, whatever copy it was: nothing can be read of it any more. */
  forget(tier: string, offset: number): void {
    this.#leaveWhere((copy) => copy.tier === tier && copy.offset === offset);
  }

  /** Whose turn it is for a record of the source. */
  turnOfSource(key: string, origin: number): Turn {
    const copies = this.#keys.get(key) ?? [];
    const at = firstOf(copies, origin);
    return copies[at]?.origin === origin ? { kind: 'pass' } : behind(copies[at - 1]);
  }

  /** Whose turn it is for a parked copy, which has joined. */
  turnOf(copy: Copy): Turn {
    const copies = this.#keys.get(copy.key) ?? [];
    const [first, end] = [firstOf(copies, copy.origin), firstOf(copies, copy.origin + 1)];
    if (!isSame(copies[end - 1], copy)) return { kind: 'pass' };
    if (first > 0) return behind(copies[first - 1]);
    return end > 1 ? { kind: 'wait' } : { kind: 'send' };
  }

  /**
   * Forgets what is committed of a tier.
   *
   * @returns from where its topic has to be read to know the rest
   */
  startAt(tier: string, committed: number): number {
    const { from, to } = this.#known.get(tier) ?? { from: committed, to: committed };
    const unknown = committed < from ? committed : Math.max(committed, to);
    this.#leaveWhere((copy) => copy.tier === tier && (committed < from || copy.offset < committed));
    this.#known.set(tier, { from: committed, to: unknown });
    return unknown;
  }

  /** The topic of a tier may be another one: from now on nothing of it counts as read. */
  readAgain(tier: string): void {
    this.#known.delete(tier);
  }

  /**
   * Forgets the copies of a tier from this offset on, which cannot be read any more.
   *
   * @returns what was forgotten
   */
  lose(tier: string, from: number): Copy[] {
    this.readAgain(tier);
    return this.#leaveWhere((copy) => copy.tier === tier && copy.offset >= from);
  }

  /** @returns which have left */
  #leaveWhere(isOver: (copy: Copy) => boolean): Copy[] {
    const over = [...this.#keys.values()].flat().filter(isOver);
    for (const copy of over) this.leave(copy);
    return over;
  }

  /** All copies of a tier before this offset have joined. */
  readTo(tier: string, next: number): void {
    const { from, to } = this.#known.get(tier) ?? { from: next, to: next };
    this.#known.set(tier, { from, to: Math.max(to, next) });
  }
}

/** What decides over order: the record's key, or the payment where there is none. */
export function orderKey(key: Buffer | null, paymentId: string): string {
  return key !== null && key.length > 0 ? `key ${key.toString('latin1')}` : `payment ${paymentId}`;
}

/**
 * The parked copy that a record of a retry topic is.
 *
 * @returns `undefined` for a record of the source, for one that came from elsewhere than this partition of the source, and
 *   where nothing names its key
 */
export function copyOf(record: KafkaRecord, topology: Topology, provenance: Provenance): Copy | undefined {
  const tier = topology.retryTierOf(record.topic)?.name;
  const { origin, redriveCount = 0, hops, notBefore = 0, paymentId = '' } = provenance;
  const key = orderKey(record.key, paymentId);
  const isOfHere = origin.topic === topology.source && origin.partition === record.partition;
  if (tier === undefined || !isOfHere || key === orderKey(null, '')) return undefined;
  return { key, origin: origin.offset, redrives: redriveCount, hops, tier, offset: record.offset, notBefore };
}

function behind(predecessor: Copy | undefined): Turn {
  if (predecessor === undefined) return { kind: 'send' };
  return { kind: 'behind', tier: predecessor.tier, notBefore: predecessor.notBefore };
}

function byAge(a: Copy, b: Copy): number {
  return (
    a.origin - b.origin ||
    a.redrives - b.redrives ||
    a.hops - b.hops ||
    (a.tier === b.tier ? a.offset - b.offset : a.tier < b.tier ? -1 : 1)
  );
}

function isSame(known: Copy | undefined, copy: Copy): boolean {
  return known !== undefined && byAge(known, copy) === 0;
}

function placeOf(copies: readonly Copy[], copy: Copy): number {
  return firstWhere(copies, (other) => byAge(other, copy) >= 0);
}

function firstOf(copies: readonly Copy[], origin: number): number {
  return firstWhere(copies, (other) => other.origin >= origin);
}

/** Where the items begin for which `holds` is true; it must be so for every item behind the first one. */
function firstWhere<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let [from, to] = [0, items.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(items[middle] as T)) to = middle;
    else from = middle + 1;
  }
  return from;
}
