import { setTimeout as sleep } from 'node:timers/promises';
import { groupedBy } from '../core/grouped-by.ts';
import type { KafkaRecord } from '../core/record.ts';
import { recordOf, type RawRecord } from '../kafka/kafkajs/fetched.ts';
import type { Fetched, Reader, TopicLayout } from '../kafka/kafkajs/reader.ts';
import { boundAll, Stretch, type Wanted } from './stretch.ts';
import { isLasting, NO_LEADER, NO_PARTITION, NOTHING_GIVEN, thrown, type Trouble } from './trouble.ts';
import { UnreadList, type Unread } from './unread.ts';
import { within } from './within.ts';

/** How far a scan has come. */
export interface Progress {
  /** Records that were read, whether wanted or not. */
  readonly records: number;
  /** Offsets passed of all that are to be read; markers of transactions and deleted records have offsets, too. */
  readonly offsets: number;
  readonly of: number;
}

/** What is read, and who is told. */
export interface Scan {
  readonly topics: readonly Wanted[];
  /** Whether a record is worth more than this look at its bytes; called for each one, so it must be quick. */
  readonly wants: (record: RawRecord) => boolean;
  /** Gets what is wanted: each partition in its order, partitions as they come. */
  readonly visit: (record: KafkaRecord) => void;
  readonly progress?: (progress: Progress) => void;
  /** Ends the scan, which then throws what the signal says. */
  readonly signal: AbortSignal;
}

/** How often a partition is tried without any progress, and the first pause; each is twice the one before. */
const TRIES = 4;
const PAUSE_MS = 250;
/** A request without an answer for so long is given up, and what its broker leads with it. */
const PATIENCE_MS = 10_000;
/** Answers in a row of one broker that give nothing of what must be there. */
const MOST_IDLE = 20;

/**
 * Reads topics from the wanted offsets to their ends as the brokers told them at the start: partitions of all brokers at
 * once, each in pieces, in no group. Records of aborted transactions are passed over.
 *
 * @returns what could not be read, and why: nothing is left out without a word. Throws only what the signal says.
 */
export async function scan(reader: Reader, wanted: Scan): Promise<Unread[]> {
  return new Scanning(reader, wanted).run();
}

type Left = Map<Wanted | Stretch, Trouble>;

class Scanning {
  readonly #reader: Reader;
  readonly #scan: Scan;
  readonly #stretches = new Set<Stretch>();
  readonly #unread = new UnreadList();
  #records = 0;

  constructor(reader: Reader, wanted: Scan) {
    this.#reader = reader;
    this.#scan = wanted;
  }

  async run(): Promise<Unread[]> {
    const { topics, signal } = this.#scan;
    let left: readonly (Wanted | Stretch)[] = topics;
    for (let tries = 1; left.length > 0; tries += 1) {
      const before = this.#records;
      const troubled = await this.#round(left);
      if (this.#records > before) tries = 1;
      for (const [what, trouble] of troubled) {
        if (tries < TRIES && !isLasting(trouble)) continue;
        this.#unread.givenUp(what, trouble);
        troubled.delete(what);
      }
      left = [...troubled.keys()];
      if (left.length > 0) await within(sleep(PAUSE_MS * 2 ** (tries - 1)), PATIENCE_MS, signal);
    }
    for (const stretch of this.#stretches) this.#unread.heldBack(stretch);
    return this.#unread.all();
  }

  /** Reads what is left as far as it goes; gives what does not, and why. */
  async #round(left: readonly (Wanted | Stretch)[]): Promise<Left> {
    const names = [...new Set(left.map(({ topic }) => topic))];
    let layouts: Map<string, TopicLayout>;
    try {
      const found = await this.#ask(this.#reader.layouts(names));
      layouts = new Map(found.map((layout) => [layout.topic, layout]));
    } catch (error) {
      return all(left, troubleOf(error));
    }
    const troubled: Left = new Map();
    const led: { readonly stretch: Stretch; readonly leader: number }[] = [];
    for (const what of left) {
      const layout = layouts.get(what.topic);
      if (layout === undefined || layout.error !== undefined) {
        troubled.set(what, { code: layout?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION' });
        continue;
      }
      for (const stretch of what instanceof Stretch ? [what] : this.#stretchesOf(what, layout)) {
        const leader = layout.partitions.find(({ partition }) => partition === stretch.partition)?.leader;
        if (leader === undefined) troubled.set(stretch, NO_PARTITION);
        else if (leader < 0) troubled.set(stretch, NO_LEADER);
        else led.push({ stretch, leader });
      }
    }
    const byLeader = groupedBy(led, ({ leader }) => leader);
    const reading = [...byLeader].map(([leader, own]) =>
      this.#readLeader(
        leader,
        own.map(({ stretch }) => stretch),
      ),
    );
    const ofLeaders = await Promise.all(reading);
    return new Map([...troubled, ...ofLeaders.flatMap((own) => [...own])]);
  }

  #stretchesOf(wanted: Wanted, { partitions }: TopicLayout): Stretch[] {
    const numbers = wanted.partitions ?? partitions.map(({ partition }) => partition);
    const stretches = numbers.map((partition) => new Stretch(wanted, partition));
    for (const stretch of stretches) this.#stretches.add(stretch);
    return stretches;
  }

  /** Reads partitions of one leader to their ends. */
  async #readLeader(leader: number, stretches: readonly Stretch[]): Promise<Left> {
    const troubled: Left = new Map();
    const left = new Set(stretches);
    const give = (stretch: Stretch, trouble: Trouble): void => {
      troubled.set(stretch, trouble);
      left.delete(stretch);
    };
    try {
      const unbounded = stretches.filter(({ isBounded }) => !isBounded);
      for (const [stretch, trouble] of await this.#ask(boundAll(this.#reader, leader, unbounded), leader))
        give(stretch, trouble);
      for (const stretch of left) if (stretch.isDone) left.delete(stretch);
      for (let idle = 0; left.size > 0;) {
        const answers = await this.#ask(this.#reader.fetch(leader, [...left]), leader);
        idle += 1;
        for (const stretch of left) {
          const answer = answers.find(
            ({ topic, partition }) => partition === stretch.partition && topic === stretch.topic,
          );
          if (answer === undefined) continue;
          const before = stretch.next;
          const trouble = this.#take(stretch, answer);
          if (stretch.next > before) idle = 0;
          if (trouble !== undefined) give(stretch, trouble);
          else if (stretch.isDone) left.delete(stretch);
        }
        if (idle > MOST_IDLE) for (const stretch of left) give(stretch, NOTHING_GIVEN);
        this.#tell();
      }
    } catch (error) {
      const trouble = troubleOf(error);
      for (const stretch of left) give(stretch, trouble);
    }
    return troubled;
  }

  #take(stretch: Stretch, answer: Fetched): Trouble | undefined {
    if (answer.error !== undefined) return { code: answer.error };
    const { wants, visit } = this.#scan;
    const { topic, partition } = stretch;
    for (const raw of stretch.take(answer)) {
      if (raw.isControlRecord) continue;
      this.#records += 1;
      if (raw.unreadable !== undefined) this.#unread.unreadable(stretch, Number(raw.offset), raw.unreadable.detail);
      else if (wants(raw)) visit(recordOf(topic, partition, raw));
    }
    const { corrupt } = answer.messages;
    return corrupt && { code: 'corrupt', detail: `offset ${corrupt.offset}: ${corrupt.detail}` };
  }

  #tell(): void {
    const sum = { offsets: 0, of: 0 };
    for (const { offsets } of this.#stretches) {
      sum.offsets += offsets.passed;
      sum.of += offsets.of;
    }
    this.#scan.progress?.({ records: this.#records, ...sum });
  }

  /** Waits for an answer. A fault of a broker is thrown as `Refused`, what the signal says as it is. */
  async #ask<T>(task: Promise<T>, leader?: number): Promise<T> {
    const { signal } = this.#scan;
    try {
      return await within(task, PATIENCE_MS, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new Refused(thrown(error, leader));
    }
  }
}

class Refused extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.code);
    this.trouble = trouble;
  }
}

/** Throws on what is no fault of a broker. */
function troubleOf(error: unknown): Trouble {
  if (error instanceof Refused) return error.trouble;
  throw error;
}

function all(left: readonly (Wanted | Stretch)[], trouble: Trouble): Left {
  return new Map(left.map((what) => [what, trouble]));
}
