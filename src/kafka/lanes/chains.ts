import type { KafkaRecord } from '../../core/record.ts';

/** Records that go one after the other; the first of them is free or in flight. */
export interface Chain {
  readonly name: string;
  readonly records: [KafkaRecord, ...KafkaRecord[]];
}

/**
 * Records that wait, in chains of their own order: at most one of a chain is in flight. Of all that are free the one that
 * was read first comes first.
 */
export class Chains {
  readonly #chains = new Map<string, Chain>();
  /** Chains of which nothing is in flight, by the offsets of their first records. */
  readonly #free: Chain[] = [];
  readonly #inFlight = new Set<Chain>();
  #waiting = 0;

  /** How many records wait. */
  get waiting(): number {
    return this.#waiting;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** The record that may be started next. */
  get next(): KafkaRecord | undefined {
    return this.#free[0]?.records[0];
  }

  /** The first record of all: a record that is not free waits for an earlier one. */
  get oldest(): KafkaRecord | undefined {
    let oldest = this.next;
    for (const { records } of this.#inFlight) {
      if (oldest === undefined || records[0].offset < oldest.offset) oldest = records[0];
    }
    return oldest;
  }

  /** Adds a record behind all others. */
  add(name: string, record: KafkaRecord): void {
    this.#waiting += 1;
    const chain = this.#chains.get(name);
    if (chain !== undefined) chain.records.push(record);
    else {
      const begun: Chain = { name, records: [record] };
      this.#chains.set(name, begun);
      this.#free.push(begun);
    }
  }

  /** Starts `next`, and with it its chain. */
  start(): Chain | undefined {
    const chain = this.#free.shift();
    if (chain === undefined) return undefined;
    this.#inFlight.add(chain);
    this.#waiting -= 1;
    return chain;
  }

  /** The record in flight has come to its end; the next one of its chain is free. */
  end(chain: Chain): void {
    this.#inFlight.delete(chain);
    chain.records.shift();
    const follower = chain.records.at(0);
    if (follower === undefined) {
      this.#chains.delete(chain.name);
      return;
    }
    const at = this.#free.findIndex(({ records: [first] }) => first.offset > follower.offset);
    this.#free.splice(at < 0 ? this.#free.length : at, 0, chain);
  }
}
