import { createHash } from 'node:crypto';
import { createTally, type Tally } from './tally.ts';

/** One request to the interface, as the gateway saw it. */
export interface ReceivedRequest {
  /** Position in the order in which requests were complete, from 1. */
  readonly seq: number;
  /** When the request's last byte had come in, epoch milliseconds. */
  readonly at: number;
  /** The same instant on the simulator's monotonic clock, milliseconds. */
  readonly receivedAtMonotonicMs: number;
  /** Empty where the body names none or was not read; cut behind 256 characters. */
  readonly paymentId: string;
  /** Which valid request for this payment id it is, from 1; 0 for a request that was refused. */
  readonly attempt: number;
  /** Empty where the request did not say. */
  readonly keyVersion: string;
  /** `Request-Time` as it stood in the header; empty where there was none. */
  readonly requestTime: string;
  /** Hex; stays when the body is forgotten. */
  readonly bodySha256: string;
  /** UTF-8, its first 16 KiB, which is more than a good request has; empty once newer ones have taken its place. */
  readonly body: string;
  /** `verified`, the code of the refusal, `not_read` for `reset_before_read`, or `redirect_followed`. */
  readonly verification: string;
  /** What is wrong with a request that was refused, in words; absent where nothing is. */
  readonly why?: string;
  /**
   * What was sent back, set when sending begins and `pending` before: `S SUCCESS`, `F INVALID_SIGNATURE`,
   * `U UNKNOWN_EXCEPTION`; with what the profile's `sign` spoilt behind it, `S SUCCESS wrong_key`; a fault's name,
   * `no_answer`, `http 503`; `client_left` where the client had gone before there was anything to send.
   */
  readonly answered: string;
  /** When the answer's last byte was handed to the network, epoch milliseconds; absent where none was. */
  readonly answeredAt?: number;
  /** True once nothing more will happen: the answer is out, or the connection is gone. */
  readonly settled?: boolean;
}

/** A request whose reply is not finished. */
export interface OpenRequest {
  /** Its place in the log, as it stands now. */
  readonly entry: ReceivedRequest;
  /** Sending begins: what is sent, as in `answered`. */
  answer(label: string): void;
  /** The last byte of the answer was handed to the network. */
  sent(): void;
  /** Nothing more will happen. */
  settle(): void;
}

/** How many requests there were since the start or the last `clear`, by what became of them. */
export interface Summary {
  readonly total: number;
  /** Of the requests that are kept. */
  readonly distinctPayments: number;
  readonly answered: Readonly<Record<string, number>>;
  readonly verification: Readonly<Record<string, number>>;
}

/** What is known of a request when it is entered. */
export interface Arrival {
  readonly paymentId: string;
  readonly keyVersion: string;
  readonly requestTime: string;
  readonly body: Buffer;
  readonly verification: string;
  readonly why?: string;
}

/** The requests since the start or the last `clear`, in order. */
export interface RequestLog {
  /** Enters a request; a verified one is counted as its payment's next attempt. */
  enter(arrival: Arrival): OpenRequest;
  /** The live list: it grows, and its entries change until they are settled. */
  list(): readonly ReceivedRequest[];
  summary(): Summary;
  /** Requests that wait for their answer, or for the end of their connection: how many, and the oldest. */
  open(): { readonly count: number; readonly oldest: ReceivedRequest | undefined };
  /** Forgets all requests and the attempts counted; `seq` goes on. */
  clear(): void;
}

/** How much a log holds. */
export interface LogLimits {
  /**
   * The newest so many requests are kept, and up to a tenth more; counts go on. A payment none of whose requests is kept
   * begins again with attempt 1.
   */
  readonly keepRequests: number;
  /** The newest so many keep their body. */
  readonly keepBodies: number;
}

const BODY_BYTES = 16 * 1024;
const PAYMENT_ID_LENGTH = 256;

type Entry = { -readonly [Name in keyof ReceivedRequest]: ReceivedRequest[Name] };

/** What `clear` throws away as a whole: a request that is answered later changes only the one it was entered in. */
interface Book {
  readonly entries: Entry[];
  readonly open: Set<Entry>;
  readonly payments: Map<string, { attempts: number; kept: number }>;
  readonly answered: Tally;
  readonly verification: Tally;
  total: number;
}

const emptyBook = (): Book => ({
  ...{ entries: [], open: new Set(), payments: new Map(), total: 0 },
  ...{ answered: createTally(), verification: createTally() },
});

/** An empty log. */
export function createRequestLog({ keepRequests, keepBodies }: LogLimits): RequestLog {
  let book = emptyBook();
  let lastSeq = 0;
  return {
    enter({ body, paymentId, ...arrival }) {
      lastSeq += 1;
      const id = paymentId.slice(0, PAYMENT_ID_LENGTH);
      const payment = paymentOf(id, book);
      payment.kept += 1;
      if (arrival.verification === 'verified') payment.attempts += 1;
      const entry: Entry = {
        seq: lastSeq,
        at: Date.now(),
        receivedAtMonotonicMs: performance.now(),
        paymentId: id,
        ...arrival,
        attempt: arrival.verification === 'verified' ? payment.attempts : 0,
        bodySha256: createHash('sha256').update(body).digest('hex'),
        body: body.subarray(0, BODY_BYTES).toString('utf8'),
        answered: 'pending',
      };
      book.total += 1;
      book.entries.push(entry);
      book.open.add(entry);
      book.answered.add(entry.answered);
      book.verification.add(entry.verification);
      const tooOld = book.entries[book.entries.length - 1 - keepBodies];
      if (tooOld !== undefined) tooOld.body = '';
      if (book.entries.length > keepRequests * 1.1) forgetOldest(book, keepRequests);
      return opened(entry, book);
    },
    list: () => book.entries,
    summary: () => ({
      total: book.total,
      distinctPayments: book.payments.size - (book.payments.has('') ? 1 : 0),
      answered: book.answered.counts(),
      verification: book.verification.counts(),
    }),
    open: () => ({ count: book.open.size, oldest: book.open.values().next().value }),
    clear() {
      book = emptyBook();
    },
  };
}

function opened(entry: Entry, book: Book): OpenRequest {
  return {
    entry,
    answer(label) {
      book.answered.remove(entry.answered);
      book.answered.add(label);
      entry.answered = label;
    },
    sent() {
      entry.answeredAt = Date.now();
    },
    settle() {
      entry.settled = true;
      book.open.delete(entry);
    },
  };
}

function paymentOf(id: string, { payments }: Book): { attempts: number; kept: number } {
  const payment = payments.get(id) ?? { attempts: 0, kept: 0 };
  payments.set(id, payment);
  return payment;
}

/** Many at once, since each time moves all that stay. */
function forgetOldest({ entries, payments }: Book, keep: number): void {
  for (const { paymentId } of entries.splice(0, entries.length - keep)) {
    const payment = payments.get(paymentId);
    if (payment === undefined) continue;
    payment.kept -= 1;
    if (payment.kept === 0) payments.delete(paymentId);
  }
}
