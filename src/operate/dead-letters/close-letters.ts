import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaRecord, OutgoingRecord } from '../../core/record.ts';
import type { ClosingRecord } from '../../inspect/history.ts';
import type { Transactions } from '../../kafka/produce/transactions.ts';
import type { Reading } from '../evidence.ts';
import { closedAs, readClosings } from './letters.ts';
import type { PlannedLetter, Skipped } from './plan.ts';
import { inParts, readAgain, type Sendable } from './read-again.ts';

/** How letters are closed. */
export interface ClosingRun {
  readonly reading: Omit<Reading, 'progress'>;
  readonly transactions: Transactions;
  /** Written with the first letters. */
  readonly account: OutgoingRecord;
  /** Letters a second. */
  readonly rate: number;
  /** All that is written for a letter, in one transaction. */
  readonly outgoing: (letter: KafkaRecord, planned: PlannedLetter) => readonly OutgoingRecord[];
  /** Whether this run has written what closes a letter; how far it is known by what it wrote, not by what it was answered. */
  readonly isOurs: (closing: ClosingRecord) => boolean;
  /** Asked before each transaction; a `Stopped` that it throws ends the run. */
  readonly mayGoOn: (sent: number) => Promise<void>;
  readonly progress: (done: number, of: number) => void;
}

/** A run ended before its end, on purpose. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** What a run did. `stopped` says why it ended before its end. */
export interface Done {
  readonly sent: number;
  readonly skipped: readonly Skipped[];
  readonly stopped?: string;
}

/** The transactions of a second are at least so many. */
const PARTS_A_SECOND = 4;
const MOST_AT_ONCE = 100;
const MOST_FAILURES = 5;
const PAUSE_MS = 500;

/**
 * Closes letters in their order, each at most once, whatever happens to this process or to others before it: what closes a
 * letter is written in one transaction with what takes its place, and after any failure it is read from the topic what
 * was written. The transactions must have begun. Ends early, between two transactions, when the signal asks for it.
 *
 * @throws what went wrong again and again
 */
export async function closeLetters(run: ClosingRun, planned: readonly PlannedLetter[]): Promise<Done> {
  return new Closing(run).all(planned);
}

class Closing {
  readonly #run: ClosingRun;
  readonly #skipped: Skipped[] = [];
  readonly #counted = new Set<string>();
  readonly #began = performance.now();
  #sent = 0;
  #accounted = false;

  constructor(run: ClosingRun) {
    this.#run = run;
  }

  async all(planned: readonly PlannedLetter[]): Promise<Done> {
    const { transactions, reading } = this.#run;
    let left = await this.#stillOpen(planned, () => false);
    for (let failures = 0; ;) {
      const before = this.#sent;
      try {
        await this.#send(left);
        return this.#done();
      } catch (error) {
        if (error instanceof Stopped) return { ...this.#done(), stopped: error.message };
        if (this.#isOver()) return this.#done();
        failures = this.#sent > before ? 1 : failures + 1;
        if (failures > MOST_FAILURES) throw error;
        await sleep(PAUSE_MS * failures, undefined, { signal: reading.signal }).catch(() => undefined);
        if (this.#isOver()) return this.#done();
        await transactions.begin();
        left = await this.#stillOpen(left, this.#run.isOurs);
      }
    }
  }

  #isOver(): boolean {
    return this.#run.reading.signal.aborted;
  }

  #done(): Done {
    return { sent: this.#sent, skipped: this.#skipped };
  }

  /** What nobody has closed yet. What this run has closed counts as sent. */
  async #stillOpen(
    letters: readonly PlannedLetter[],
    isOurs: (closing: ClosingRecord) => boolean,
  ): Promise<PlannedLetter[]> {
    const { closings, unread } = await readClosings(this.#run.reading);
    if (unread[0] !== undefined) throw new Error(`what was closed cannot be read: ${unread[0].why}`);
    const closed = closedAs(closings);
    return letters.filter((letter) => {
      const closing = closed.get(letter.record);
      if (closing === undefined) return true;
      if (!isOurs(closing)) this.#skip(letter, `${closing.as} already`);
      else if (!this.#counted.has(letter.record)) this.#count(letter);
      return false;
    });
  }

  async #send(letters: readonly PlannedLetter[]): Promise<void> {
    const { reading, rate, progress, mayGoOn } = this.#run;
    const atOnce = Math.min(MOST_AT_ONCE, Math.ceil(rate / PARTS_A_SECOND));
    for (let at = 0; at < letters.length; at += atOnce) {
      const some = letters.slice(at, at + atOnce).filter(({ record }) => !this.#counted.has(record));
      const found = await readAgain(some, reading);
      const known = new Set(found.map(({ planned }) => planned));
      for (const letter of some) if (!known.has(letter)) this.#skip(letter, 'it has expired');
      for (const part of inParts(found)) {
        await this.#pace();
        if (this.#isOver()) return;
        await mayGoOn(this.#sent);
        await this.#write(part);
        progress(at + some.length, letters.length);
      }
    }
  }

  async #write(part: readonly Sendable[]): Promise<void> {
    const { transactions, outgoing, account } = this.#run;
    const records = part.flatMap(({ record, planned }) => outgoing(record, planned));
    await transactions.write(this.#accounted ? records : [account, ...records]);
    this.#accounted = true;
    for (const { planned } of part) this.#count(planned);
  }

  /** Waits while more has been sent than the rate allows. */
  async #pace(): Promise<void> {
    const { rate, reading } = this.#run;
    const dueMs = (this.#sent / rate) * 1_000 - (performance.now() - this.#began);
    if (dueMs > 0) await sleep(dueMs, undefined, { signal: reading.signal }).catch(() => undefined);
  }

  #count({ record }: PlannedLetter): void {
    this.#counted.add(record);
    this.#sent += 1;
  }

  #skip({ record, paymentId }: PlannedLetter, why: string): void {
    this.#counted.add(record);
    this.#skipped.push({ record, paymentId, why });
  }
}
