import type { Copy } from '../../../src/core/copies.ts';
import { ParkedKeys } from '../../../src/core/parked-keys.ts';
import { readProvenance, writeHeaders, type Provenance } from '../../../src/core/provenance.ts';
import type { KafkaRecord } from '../../../src/core/record.ts';
import { orderKey } from '../../../src/pipeline/order-key.ts';
import { copyOf } from '../../../src/pipeline/parked-copy.ts';
import { SOURCE, TOPOLOGY } from '../../support/fixtures.ts';

export const TIERS = ['1s', '2s', '4s'] as const;
const LANES = ['main', ...TIERS] as const;

/** An event of the model: its key, and how often the gateway does not know before it knows. */
export interface Scripted {
  readonly key: string;
  readonly unknowns: number;
}

/** One step of anybody: a lane works, offsets are committed, a member dies, is evicted or joins again. */
export type Step =
  | { readonly kind: 'work'; readonly lane: number }
  | { readonly kind: 'commit' | 'crash' | 'evicted' | 'rejoin' }
  /** What a member wrote before it was lost arrives only now. */
  | { readonly kind: 'late' };

/** A record on its way to a retry topic: `ack` once it is written. */
interface Parking {
  readonly record: KafkaRecord;
  readonly to: string;
  readonly provenance: Provenance;
  ack?: Copy;
}

interface Lane {
  readonly tier: string;
  next: number;
  fetched: number;
  committed: number;
  /** Sent or judged, and now being parked. */
  parking?: Parking;
}

/** One partition, its retry topics and the member that owns it: real parked keys, real headers, nothing else. */
export class ParkedKeysModel {
  parked = new ParkedKeys();
  /** Every request, by the event's number. */
  readonly sent: number[] = [];
  readonly known = new Set<number>();
  readonly violations: string[] = [];
  /** Sent once more by a member that had heard the verdict itself. */
  readonly repeats: number[] = [];
  readonly #heard = new Set<number>();
  readonly #events: readonly Scripted[];
  readonly #unknowns: number[];
  readonly #logs = new Map<string, KafkaRecord[]>();
  readonly #lanes: Lane[];
  /** Held back by the network; their writers are gone. */
  readonly #held: Parking[] = [];

  constructor(events: readonly Scripted[]) {
    this.#events = events;
    this.#unknowns = events.map(({ unknowns }) => unknowns);
    for (const tier of LANES) this.#logs.set(tier, []);
    events.forEach(({ key }, at) => this.#append('main', { ...blank(key), offset: at }));
    this.#lanes = LANES.map((tier) => ({ tier, next: 0, fetched: 0, committed: 0 }));
    this.#open();
  }

  get atRest(): boolean {
    return this.#lanes.every(({ tier, next, parking }) => parking === undefined && next === this.#log(tier).length);
  }

  take(step: Step): void {
    switch (step.kind) {
      case 'work': {
        const lane = this.#lanes[step.lane % LANES.length];
        if (lane !== undefined) this.#work(lane);
        return;
      }
      case 'commit': {
        this.#commit();
        return;
      }
      case 'crash':
        this.parked = new ParkedKeys();
        {
          this.#lost();
          return;
        }
      case 'evicted': {
        this.#lost();
        return;
      }
      case 'late': {
        const parking = this.#held.shift();
        if (parking !== undefined) this.#write(parking);
        return;
      }
      case 'rejoin':
        for (const lane of this.#lanes) while (lane.parking !== undefined) this.#work(lane);
        this.#commit();
        {
          this.#open();
          return;
        }
    }
  }

  #lost(): void {
    for (const { parking } of this.#lanes) {
      if (parking !== undefined && parking.ack === undefined) this.#held.push(parking);
    }
    this.#open();
  }

  #commit(): void {
    for (const lane of this.#lanes) lane.committed = lane.next;
  }

  /** Lanes stand at their committed offsets, and all that is parked is known. */
  #open(): void {
    this.#heard.clear();
    this.parked.sourceFrom(this.#lanes[0]?.committed ?? 0);
    for (const lane of this.#lanes) {
      const { tier, committed } = lane;
      delete lane.parking;
      Object.assign(lane, { next: committed, fetched: committed });
      if (tier === 'main') continue;
      const from = this.parked.startAt(tier, committed);
      this.#seen(tier, from);
    }
  }

  #seen(tier: string, from: number): void {
    const log = this.#log(tier);
    for (const record of log.slice(from)) {
      const copy = copyOf(record, TOPOLOGY, readProvenance(record, SOURCE));
      if (copy !== undefined) this.parked.join(copy);
    }
    this.parked.readTo(tier, log.length);
  }

  #work(lane: Lane): void {
    if (lane.parking !== undefined) {
      this.#park(lane, lane.parking);
      return;
    }
    const { tier, next, committed } = lane;
    const log = this.#log(tier);
    const record = log[next];
    if (record === undefined || next - committed > 1) return;
    if (tier !== 'main' && next >= lane.fetched) {
      this.#seen(tier, next);
      lane.fetched = log.length;
    }
    const provenance = readProvenance(record, SOURCE);
    const copy = copyOf(record, TOPOLOGY, provenance);
    const key = orderKey(record.key, '');
    const turn = copy === undefined ? this.parked.turnOfSource(key, record.offset) : this.parked.turnOf(copy);
    if (turn.kind === 'wait') return;
    if (turn.kind === 'superseded') {
      this.#settle(lane, copy);
      return;
    }
    if (turn.kind === 'behind') {
      lane.parking = { record, to: turn.tier, provenance: { ...provenance, hops: provenance.hops + 1 } };
      return;
    }
    if (this.#send(provenance.origin.offset)) {
      this.#settle(lane, copy);
      return;
    }
    const to = TIERS[Math.min(provenance.hops, TIERS.length - 1)] ?? TIERS[0];
    lane.parking = { record, to, provenance: { ...provenance, hops: provenance.hops + 1 } };
  }

  /** First the record is written, then, in a step of its own, the writer hears of it. */
  #park(lane: Lane, parking: Parking): void {
    if (parking.ack === undefined) {
      parking.ack = this.#write(parking);
      return;
    }
    this.parked.written(parking.ack);
    delete lane.parking;
    this.#settle(lane, copyOf(parking.record, TOPOLOGY, readProvenance(parking.record, SOURCE)));
  }

  #write({ record, to, provenance }: Parking): Copy {
    const headers = writeHeaders({}, provenance);
    const written = this.#append(to, { ...record, topic: TOPOLOGY.retryTopic(to), headers });
    const copy = copyOf(written, TOPOLOGY, provenance);
    if (copy === undefined) throw new Error('a parked record is no copy');
    return copy;
  }

  #settle(lane: Lane, copy: Copy | undefined): void {
    if (copy !== undefined) this.parked.settled(copy.tier, copy.offset, copy);
    lane.next += 1;
  }

  /** @returns whether the gateway knows the verdict now */
  #send(event: number): boolean {
    const key = this.#events[event]?.key;
    const isOfKey = (other: number): boolean => this.#events[other]?.key === key;
    if (!this.known.has(event)) {
      const overtaken = this.#events.findIndex((_, at) => at < event && isOfKey(at) && !this.known.has(at));
      if (overtaken >= 0) this.violations.push(`${String(event)} was sent before ${String(overtaken)} was known`);
      const later = this.sent.find((other) => other > event && isOfKey(other));
      if (later !== undefined) this.violations.push(`${String(event)} was sent after ${String(later)}`);
    }
    this.sent.push(event);
    if (this.#heard.has(event)) this.repeats.push(event);
    const left = this.#unknowns[event] ?? 0;
    this.#unknowns[event] = left - 1;
    if (left <= 0) {
      this.known.add(event);
      this.#heard.add(event);
    }
    return left <= 0;
  }

  #append(tier: string, record: KafkaRecord): KafkaRecord {
    const log = this.#log(tier);
    const appended = { ...record, offset: log.length };
    log.push(appended);
    return appended;
  }

  #log(tier: string): KafkaRecord[] {
    const log = this.#logs.get(tier);
    if (log === undefined) throw new Error(`no log ${tier}`);
    return log;
  }
}

function blank(key: string): KafkaRecord {
  const value = Buffer.from('event');
  return { topic: SOURCE, partition: 0, offset: 0, timestamp: 1, readAt: 0, key: Buffer.from(key), value, headers: {} };
}
