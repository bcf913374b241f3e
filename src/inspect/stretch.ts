import { partitionKey } from '../kafka/kafkajs/offsets.ts';
import type { Bounded, Fetched, Place, Reader } from '../kafka/kafkajs/reader.ts';
import { NOTHING_GIVEN, type Trouble } from './trouble.ts';

/** A bound of what is read: an offset, or the first record that is as late as a time in epoch milliseconds. */
export type Bound = { readonly offset: number } | { readonly time: number };

/** What is to be read of a topic: all partitions where none is named, all that stands in them where no bound is. */
export interface Wanted {
  readonly topic: string;
  readonly partitions?: readonly number[];
  /** Included. */
  readonly from?: Bound;
  /** Not included. */
  readonly to?: Bound;
}

interface Ends {
  readonly earliest: number;
  readonly lastStable: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/** One partition's part of what is wanted. It ends where its leader said at first: what is written later is not read. */
export class Stretch implements Place {
  readonly topic: string;
  readonly partition: number;
  readonly wanted: Wanted;
  #ends: { readonly first: number; readonly last: number; readonly wanted: number } | undefined;
  /** The offset that is read next. */
  next = 0;

  constructor(wanted: Wanted, partition: number) {
    this.topic = wanted.topic;
    this.partition = partition;
    this.wanted = wanted;
  }

  get key(): string {
    return partitionKey(this.topic, this.partition);
  }

  get isBounded(): boolean {
    return this.#ends !== undefined;
  }

  get isDone(): boolean {
    return this.#ends !== undefined && this.next >= this.#ends.last;
  }

  /** How many offsets are to be read, and how many were. */
  get offsets(): { readonly of: number; readonly passed: number } {
    const { first, last } = this.#ends ?? { first: 0, last: 0 };
    return { of: Math.max(0, last - first), passed: Math.max(0, Math.min(this.next, last) - first) };
  }

  /** What was wanted and stands behind what any reader is given; `undefined` where nothing does. */
  get heldBack(): string | undefined {
    if (this.#ends === undefined || this.#ends.wanted <= this.#ends.last) return undefined;
    const from = Math.max(this.#ends.first, this.#ends.last);
    return `offsets ${from} to ${this.#ends.wanted - 1} wait for the end of a transaction; ask again in a few seconds`;
  }

  /** Its leader has said where it begins and ends. */
  bound({ earliest, lastStable, end, from, to }: Ends): void {
    const wanted = Math.min(to, end);
    const first = Math.max(earliest, Math.min(from, wanted));
    this.#ends = { first, last: Math.min(lastStable, wanted), wanted };
    this.next = first;
  }

  /** The records of an answer that were asked for; what comes behind them is read next. */
  take({ messages }: Fetched): Fetched['messages'][number][] {
    const { next } = this;
    const wanted = messages.filter(({ offset }) => Number(offset) >= next && Number(offset) < (this.#ends?.last ?? 0));
    this.next = Math.max(next, Number(messages.at(-1)?.offset ?? -1) + 1);
    return wanted;
  }
}

/** Asks the leader where these stretches begin and end; gives what is wrong with those it would not tell of. */
export async function boundAll(
  reader: Reader,
  leader: number,
  stretches: readonly Stretch[],
): Promise<Map<Stretch, Trouble>> {
  const times = [...new Set(stretches.flatMap(({ wanted }) => [...timeOf(wanted.from), ...timeOf(wanted.to)]))];
  const ask = async (which: Parameters<Reader['offsets']>[2]): Promise<Map<string, Bounded>> => {
    const answers = await reader.offsets(leader, stretches, which);
    return new Map(answers.map((answer) => [partitionKey(answer.topic, answer.partition), answer]));
  };
  const end = await ask('end');
  // After the end: what is written between the two answers must not look as if a transaction held it back.
  const [earliest, lastStable, ...byTime] = await Promise.all([
    ...[ask('earliest'), ask('last stable')],
    ...times.map((time) => ask({ time })),
  ]);
  const wrong = new Map<Stretch, Trouble>();
  for (const stretch of stretches) {
    const answers = [earliest, lastStable, end, ...byTime].map((answered) => answered?.get(stretch.key));
    const error = answers.find((answer) => answer?.error !== undefined)?.error;
    const [first, stable, last] = answers.map((answer) => answer?.offset);
    if (error !== undefined || first === undefined || stable === undefined || last === undefined) {
      wrong.set(stretch, error === undefined ? NOTHING_GIVEN : { code: error });
      continue;
    }
    const place = (bound: Bound | undefined, otherwise: number): number => {
      if (bound === undefined) return otherwise;
      if ('offset' in bound) return bound.offset;
      return byTime[times.indexOf(bound.time)]?.get(stretch.key)?.offset ?? last;
    };
    const { wanted } = stretch;
    stretch.bound({
      ...{ earliest: first, lastStable: stable, end: last },
      ...{ from: place(wanted.from, first), to: place(wanted.to, last) },
    });
  }
  return wrong;
}

function timeOf(bound: Bound | undefined): number[] {
  return bound !== undefined && 'time' in bound ? [bound.time] : [];
}
