import { firstOf, isSame, isStep, placeOf, standsBehind, type Copy, type Step } from './copies.ts';
import { ReadTwice } from './read-twice.ts';

/** What the order of its key allows for one record. */
export type Turn =
  /** It may be sent: no earlier event of its key is parked. */
  | { readonly kind: 'send' }
  /** It must not be sent: its event goes on in a newer copy. */
  | { readonly kind: 'superseded' }
  /** It is clear once older copies of its event that stand elsewhere are settled, and newer ones decided. */
  | { readonly kind: 'wait' }
  /** It must be parked behind an earlier event of its key, in the same tier and until the same time. */
  | { readonly kind: 'behind'; readonly tier: string; readonly notBefore: number };

/** About what a copy takes of the memory beside its key, in bytes. */
const COPY_BYTES = 250;

/** The stretch of a tier's topic of which every copy is known: offsets, `to` excluded. */
interface Known {
  readonly from: number;
  readonly to: number;
}

/**
 * The events of one partition that are parked, by key. They keep the order of each key: while an event is parked, later
 * ones of its key are parked behind it.
 *
 * A record is sent only if its event is the earliest parked one of its key, and if the record is the newest copy of
 * that event (the one redriven most often, and of those the one parked most often). A crash between parking and
 * committing leaves an event in two tiers; because of this rule it is neither repeated nor overtaken. Where the source is
 * one of the two, its copy may be settled before the source comes by it again: that is remembered.
 *
 * A copy joins when it is written or read, and leaves when it is settled. How far the topic of each tier was read is
 * kept too, so that nothing has to be read twice.
 */
export class ParkedKeys {
  /** The copies of each key, in the order of `byAge`. */
  readonly #keys = new Map<string, Copy[]>();
  /** The copies of each tier, by their offsets: several where its topic was made anew, and old ones are in hand yet. */
  readonly #places = new Map<string, Map<number, readonly Copy[]>>();
  /** Of these it is not known yet whether readers may see them. */
  readonly #undecided = new Set<Copy>();
  /** A newer copy of their event was settled before them. */
  readonly #overtaken = new Set<Copy>();
  readonly #known = new Map<string, Known>();
  readonly #readTwice = new ReadTwice();
  #size = 0;
  #bytes = 0;

  /** How many keys have a parked event. */
  get keys(): number {
    return this.#keys.size;
  }

  /** How many copies are known. */
  get size(): number {
    return this.#size;
  }

  /** Keys and copies of each tier that has any. */
  get byTier(): ReadonlyMap<string, { readonly keys: number; readonly copies: number }> {
    const tiers = new Map<string, { keys: number; copies: number }>();
    for (const copies of this.#keys.values()) {
      for (const tier of new Set(copies.map((copy) => copy.tier))) {
        const known = tiers.get(tier) ?? { keys: 0, copies: 0 };
        const here = copies.filter((copy) => copy.tier === tier).length;
        tiers.set(tier, { keys: known.keys + 1, copies: known.copies + here });
      }
    }
    return tiers;
  }

  /** About how much memory they take. */
  get bytes(): number {
    return this.#bytes;
  }

  has(copy: Copy): boolean {
    return this.#found(copy) !== undefined;
  }

  /** A copy was read that readers may see. Does nothing for one that is known to be so already. */
  join(copy: Copy): void {
    const known = this.#found(copy);
    if (known !== undefined && !this.#undecided.has(known)) return;
    this.#readTwice.parked(copy.origin);
    this.#keep(copy);
  }

  #keep(copy: Copy): void {
    this.leave(copy);
    const copies = this.#copiesOf(copy.key);
    copies.splice(placeOf(copies, copy), 0, copy);
    this.#keys.set(copy.key, copies);
    this.#placesIn(copy.tier).set(copy.offset, [...this.#at(copy), copy]);
    this.#size += 1;
    this.#bytes += bytesOf(copy);
  }

  /**
   * A copy was read whose transaction may be aborted yet. Later events of its key wait behind it, but it takes the place of
   * no other copy of its event, which would be lost with it. It joins when it is read again, or is forgotten.
   */
  joinUndecided(copy: Copy): void {
    if (this.has(copy)) return;
    this.join(copy);
    this.#undecided.add(copy);
  }

  #found(copy: Copy): Copy | undefined {
    const copies = this.#copiesOf(copy.key);
    const at = copies[placeOf(copies, copy)];
    return isSame(at, copy) ? at : undefined;
  }

  #copiesOf(key: string): Copy[] {
    return this.#keys.get(key) ?? [];
  }

  #placesIn(tier: string): Map<number, readonly Copy[]> {
    const places = this.#places.get(tier) ?? new Map<number, readonly Copy[]>();
    this.#places.set(tier, places);
    return places;
  }

  #at({ tier, offset }: Pick<Copy, 'tier' | 'offset'>): readonly Copy[] {
    return this.#placesIn(tier).get(offset) ?? [];
  }

  /**
   * A copy was written. Where its topic was already read beyond it, it has joined before, and may be settled by now.
   */
  written(copy: Copy): void {
    if (this.has(copy)) this.join(copy);
    else if (copy.offset >= (this.#known.get(copy.tier)?.to ?? 0)) this.#keep(copy);
  }

  /** A copy was settled. */
  leave(copy: Copy): void {
    const known = this.#found(copy);
    if (known === undefined) return;
    this.#undecided.delete(known);
    this.#overtaken.delete(known);
    const copies = this.#copiesOf(copy.key);
    copies.splice(placeOf(copies, copy), 1);
    if (copies.length === 0) this.#keys.delete(copy.key);
    const others = this.#at(copy).filter((other) => other !== known);
    if (others.length > 0) this.#placesIn(copy.tier).set(copy.offset, others);
    else this.#placesIn(copy.tier).delete(copy.offset);
    this.#size -= 1;
    this.#bytes -= bytesOf(copy);
  }

  /** A record at this place was settled: that of `step`, where it can be read. Older copies of its event are not sent any more. */
  settled(tier: string, offset: number, step?: Step): void {
    const copy = this.#at({ tier, offset }).find((one) => step === undefined || isStep(one, step));
    if (copy === undefined) return;
    const copies = this.#copiesOf(copy.key);
    const older = copies.slice(firstOf(copies, copy.origin), placeOf(copies, copy));
    for (const one of older) this.#overtaken.add(one);
    this.leave(copy);
    if (firstOf(copies, copy.origin) === firstOf(copies, copy.origin + 1)) this.#readTwice.settled(copy.origin);
  }

  /** At this place stands nothing that a reader may see. */
  forget(tier: string, offset: number): void {
    for (const copy of this.#at({ tier, offset })) this.leave(copy);
  }

  /** The source is read from this offset on: what is known to be parked of it from there on, it will come by again. */
  sourceFrom(offset: number): void {
    this.#readTwice.sourceFrom(offset);
    for (const copies of this.#keys.values()) for (const { origin } of copies) this.#readTwice.parked(origin);
  }

  /** What the order of its key allows for a record of the source. */
  turnOfSource(key: string, origin: number): Turn {
    const copies = this.#copiesOf(key);
    const [first, end] = [firstOf(copies, origin), firstOf(copies, origin + 1)];
    if (first !== end) return this.#inPlaceOf(copies.slice(first, end));
    return this.#readTwice.isSettled(origin) ? { kind: 'superseded' } : behind(copies[first - 1]);
  }

  /** What the order of its key allows for a parked copy, which must have joined. */
  turnOf(copy: Copy): Turn {
    const copies = this.#copiesOf(copy.key);
    const [first, end] = [firstOf(copies, copy.origin), firstOf(copies, copy.origin + 1)];
    const at = placeOf(copies, copy);
    const known = copies[at];
    if (known !== undefined && this.#overtaken.has(known)) return { kind: 'superseded' };
    if (at + 1 < end) return this.#inPlaceOf(copies.slice(at + 1, end));
    if (first > 0) return behind(copies[first - 1]);
    return { kind: copies.slice(0, at).every((older) => standsBehind(older, copy)) ? 'send' : 'wait' };
  }

  /** What becomes of a record whose event goes on in newer copies: where none of them is decided, it is not either. */
  #inPlaceOf(newer: readonly Copy[]): Turn {
    return { kind: newer.every((copy) => this.#undecided.has(copy)) ? 'wait' : 'superseded' };
  }

  /**
   * Forgets the copies of a tier that are settled and committed.
   *
   * @returns the offset from which the topic has to be read to know all others
   */
  startAt(tier: string, committed: number): number {
    const { from, to } = this.#known.get(tier) ?? { from: committed, to: committed };
    const unknown = committed < from ? committed : Math.max(committed, to);
    this.#leaveWhere(tier, ({ offset }) => committed < from || offset < committed);
    this.#known.set(tier, { from: committed, to: unknown });
    return unknown;
  }

  /** The topic of a tier may have been made anew: nothing of it counts as read any more. */
  readAgain(tier: string): void {
    this.#known.delete(tier);
  }

  /**
   * Forgets the copies of a tier from this offset on, which are gone from its topic.
   *
   * @returns the forgotten copies
   */
  lose(tier: string, from: number): Copy[] {
    this.readAgain(tier);
    return this.#leaveWhere(tier, ({ offset }) => offset >= from);
  }

  /** @returns the copies that have left */
  #leaveWhere(tier: string, isOver: (copy: Copy) => boolean): Copy[] {
    const over = [...this.#placesIn(tier).values()].flat().filter(isOver);
    for (const copy of over) this.leave(copy);
    return over;
  }

  /** All copies of a tier before this offset have joined. */
  readTo(tier: string, next: number): void {
    const { from, to } = this.#known.get(tier) ?? { from: next, to: next };
    this.#known.set(tier, { from, to: Math.max(to, next) });
  }
}

function bytesOf({ key }: Copy): number {
  return COPY_BYTES + key.length;
}

function behind(predecessor: Copy | undefined): Turn {
  if (predecessor === undefined) return { kind: 'send' };
  return { kind: 'behind', tier: predecessor.tier, notBefore: predecessor.notBefore };
}
