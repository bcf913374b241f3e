import { createHash } from 'node:crypto';

/** One request to the interface, as the gateway saw it. */
export interface ReceivedRequest {
  /** Position in the order in which requests were complete, from 1. */
  readonly seq: number;
  /** When the request's last byte had come in, epoch milliseconds. */
  readonly at: number;
  /** The same instant on the simulator's monotonic clock, milliseconds. */
  readonly receivedAtMonotonicMs: number;
  /** Empty where the body names none or was not read. */
  readonly paymentId: string;
  /** Which valid request for this payment id it is, from 1; 0 for a request that was refused. */
  readonly attempt: number;
  /** Empty where the request did not say. */
  readonly keyVersion: string;
  /** `Request-Time` as it stood in the header; empty where there was none. */
  readonly requestTime: string;
  /** Hex; stays when the body is forgotten. */
  readonly bodySha256: string;
  /** UTF-8; empty once newer requests have taken its place in memory. */
  readonly body: string;
  /** `verified`, the code of the refusal, `not_read` for `reset_before_read`, or `redirect_followed`. */
  readonly verification: string;
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

/** An entry that still changes, since its reply is not finished. */
export type OpenRequest = { -readonly [Name in keyof ReceivedRequest]: ReceivedRequest[Name] };

/** How many requests were seen, by what became of them. */
export interface Summary {
  readonly total: number;
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
}

/** Every request since the start or the last `clear`, in order. */
export interface RequestLog {
  /** Enters a request; a verified one is counted as its payment's next attempt. */
  enter(arrival: Arrival): OpenRequest;
  /** The live list: it grows, and its entries change until they are settled. */
  list(): readonly ReceivedRequest[];
  summary(): Summary;
  /** Forgets all requests and the attempts counted; `seq` goes on. */
  clear(): void;
}

/** A log that holds the bodies of its newest `keepBodies` requests; everything else is kept of all of them. */
export function createRequestLog(keepBodies: number): RequestLog {
  let entries: OpenRequest[] = [];
  let attempts = new Map<string, number>();
  let lastSeq = 0;

  const countAttempt = (paymentId: string): number => {
    const attempt = (attempts.get(paymentId) ?? 0) + 1;
    attempts.set(paymentId, attempt);
    return attempt;
  };

  return {
    enter({ body, ...arrival }) {
      lastSeq += 1;
      const entry: OpenRequest = {
        seq: lastSeq,
        at: Date.now(),
        receivedAtMonotonicMs: performance.now(),
        ...arrival,
        attempt: arrival.verification === 'verified' ? countAttempt(arrival.paymentId) : 0,
        bodySha256: createHash('sha256').update(body).digest('hex'),
        body: body.toString('utf8'),
        answered: 'pending',
      };
      entries.push(entry);
      const tooOld = entries[entries.length - 1 - keepBodies];
      if (tooOld !== undefined) tooOld.body = '';
      return entry;
    },
    list: () => entries,
    summary: () => ({
      total: entries.length,
      distinctPayments: new Set(entries.flatMap(({ paymentId }) => (paymentId === '' ? [] : [paymentId]))).size,
      answered: counted(entries.map(({ answered }) => answered)),
      verification: counted(entries.map(({ verification }) => verification)),
    }),
    clear() {
      entries = [];
      attempts = new Map();
    },
  };
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
