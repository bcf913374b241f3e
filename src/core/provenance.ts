import type { Headers, KafkaRecord } from './record.ts';

const PREFIX = 'notifier-';

/** Where an event was first written and what has happened to it since: what the `notifier-*` headers say. */
export interface Provenance {
  readonly origin: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** Epoch milliseconds. */
    readonly timestamp: number;
  };
  /** Requests sent so far. */
  readonly attempts: number;
  /** Times parked. */
  readonly hops: number;
  /** How many of these times it was only parked to wait behind an earlier event of its key. */
  readonly waits?: number;
  /** Of an event whose record has no key: the payment stands in its place. */
  readonly paymentId?: string;
  /** Epoch milliseconds, as are all times here. */
  readonly firstAttemptAt?: number;
  readonly lastAttemptAt?: number;
  /** Not to be sent earlier. */
  readonly notBefore?: number;
  readonly reason?: string;
  /** The exact bytes of the request body, once one was sent. */
  readonly body?: Buffer;
  readonly redriveId?: string;
  readonly redriveCount?: number;
}

/** Reads the history of a record. Nobody can forge it: these headers are ignored on records of the source. */
export function readProvenance(record: KafkaRecord, source: string): Provenance {
  const { topic, partition, offset, timestamp, headers } = record;
  if (topic === source) return { origin: { topic, partition, offset, timestamp }, attempts: 0, hops: 0 };
  const text = (name: string): string | undefined => shortText(header(headers, name));
  const number = (name: string): number | undefined => integer(text(name));
  const body = header(headers, 'body');
  return {
    origin: {
      topic: text('origin-topic') ?? topic,
      partition: number('origin-partition') ?? partition,
      offset: number('origin-offset') ?? offset,
      timestamp: number('origin-timestamp') ?? timestamp,
    },
    attempts: number('attempts') ?? 0,
    hops: number('hops') ?? 0,
    ...defined({
      waits: number('waits'),
      paymentId: text('payment-id'),
      firstAttemptAt: number('first-attempt-at'),
      lastAttemptAt: number('last-attempt-at'),
      notBefore: number('not-before'),
      reason: text('reason'),
      body: body === undefined ? undefined : Buffer.from(body),
      redriveId: text('redrive-id'),
      redriveCount: number('redrive-count'),
    }),
  };
}

/** What a record of the dead-letter topic says beside its provenance. */
export interface LetterMark {
  /** As in the header: `rejected`, `undecodable` and so on. */
  readonly deadLetterReason: string;
  /** Of the value, in hexadecimal, where the letter has lost it. */
  readonly valueSha256?: string;
}

/** @returns `undefined` for a record that is no dead letter of ours */
export function readLetterMark({ headers }: Pick<KafkaRecord, 'headers'>): LetterMark | undefined {
  const deadLetterReason = header(headers, 'dead-letter-reason')?.toString();
  if (deadLetterReason === undefined) return undefined;
  return { deadLetterReason, ...defined({ valueSha256: header(headers, 'value-sha256')?.toString() }) };
}

/** What a record of the dead-letter topic says that closes a letter. */
export interface Closing {
  /** Of the letter, in the same topic. */
  readonly partition: number;
  readonly offset: number;
  readonly as: 'redriven' | 'discarded';
  readonly by?: string;
  readonly why?: string;
  /** Epoch milliseconds. */
  readonly closedAt?: number;
  /** Of the run that sent it on its way again. */
  readonly redriveId?: string;
  /** Of the letter's event. */
  readonly origin?: { readonly topic: string; readonly partition: number; readonly offset: number };
}

/** @returns `undefined` for a record that closes nothing */
export function readClosing({ headers }: Pick<KafkaRecord, 'headers'>): Closing | undefined {
  const text = (name: string): string | undefined => header(headers, name)?.toString();
  const [partition, offset] = (text('closes') ?? '').split(':').map(integer);
  const as = text('closed-as');
  if (partition === undefined || offset === undefined || (as !== 'redriven' && as !== 'discarded')) return undefined;
  const [topic, from, at] = [text('origin-topic'), integer(text('origin-partition')), integer(text('origin-offset'))];
  const isNamed = topic !== undefined && from !== undefined && at !== undefined;
  const rest = {
    ...{ by: text('closed-by'), why: text('closed-why'), closedAt: integer(text('closed-at')) },
    redriveId: text('redrive-id'),
    origin: isNamed ? { topic, partition: from, offset: at } : undefined,
  };
  return { partition, offset, as, ...defined(rest) };
}

/** The headers of a record that closes a letter. */
export function closingHeaders(closing: Closing): Headers {
  const { partition, offset, as, by, why, closedAt, redriveId, origin } = closing;
  const fields = {
    ...{ closes: `${partition}:${offset}`, 'closed-as': as, 'closed-by': by, 'closed-why': why, 'closed-at': closedAt },
    ...{ 'redrive-id': redriveId, 'origin-topic': origin?.topic },
    ...{ 'origin-partition': origin?.partition, 'origin-offset': origin?.offset },
  };
  return Object.fromEntries(Object.entries(defined(fields)).map(([name, value]) => [PREFIX + name, String(value)]));
}

/** Whether these are the headers of a record that closes a letter; of bytes that nobody has looked at yet. */
export function closesLetter(headers: Readonly<Record<string, unknown>>): boolean {
  return headers[`${PREFIX}closes`] !== undefined;
}

/** Whether a record names this payment in its headers. */
export function namesPayment(headers: Readonly<Record<string, unknown>>, paymentId: Buffer): boolean {
  const named = headers[`${PREFIX}payment-id`];
  return named instanceof Buffer && named.equals(paymentId);
}

/** Whether a record was written by this redrive; of bytes that nobody has looked at yet. */
export function isOfRedrive(headers: Readonly<Record<string, unknown>>, id: string): boolean {
  const named = headers[`${PREFIX}redrive-id`];
  return named instanceof Buffer && named.toString() === id;
}

/** Whether a copy or a letter says that its event first stood there; of bytes that nobody has looked at yet. */
export function cameFrom(
  headers: Readonly<Record<string, unknown>>,
  origin: { readonly topic: string; readonly partition: number; readonly offset: number },
): boolean {
  const says = (name: string, value: string | number): boolean => {
    const said = headers[`${PREFIX}origin-${name}`];
    return said instanceof Buffer && said.toString() === String(value);
  };
  return says('offset', origin.offset) && says('partition', origin.partition) && says('topic', origin.topic);
}

/** Every header of ours, its name in full and its value as text. */
export function provenanceHeaders(headers: Headers): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith(PREFIX));
  return Object.fromEntries(
    own.map(([name, value]) => [name, (Array.isArray(value) ? value[0] : value)?.toString() ?? '']),
  );
}

/**
 * The headers of a record that moves on: those of its producer as they were, and the history written anew.
 *
 * @param extra further headers, their names without the prefix `notifier-`
 */
export function writeHeaders(
  own: Headers,
  provenance: Provenance,
  extra: Readonly<Record<string, string>> = {},
): Headers {
  const { origin, body, ...rest } = provenance;
  const history: Record<string, string | number | undefined> = {
    'origin-topic': origin.topic,
    'origin-partition': origin.partition,
    'origin-offset': origin.offset,
    'origin-timestamp': origin.timestamp,
    attempts: rest.attempts,
    hops: rest.hops,
    waits: rest.waits,
    'payment-id': rest.paymentId,
    'first-attempt-at': rest.firstAttemptAt,
    'last-attempt-at': rest.lastAttemptAt,
    'not-before': rest.notBefore,
    reason: rest.reason,
    'redrive-id': rest.redriveId,
    'redrive-count': rest.redriveCount,
    ...extra,
  };
  const headers: Record<string, Headers[string]> = ownHeaders(own);
  for (const [name, value] of Object.entries(history)) {
    if (value !== undefined) headers[PREFIX + name] = String(value);
  }
  if (body !== undefined) headers[`${PREFIX}body`] = body;
  return headers;
}

/** The headers the producer of the event wrote. */
function ownHeaders(headers: Headers): Record<string, Headers[string]> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(PREFIX)));
}

function header(headers: Headers, name: string): Buffer | string | undefined {
  const value = headers[PREFIX + name];
  return Array.isArray(value) ? value[0] : value;
}

/** Longer than anything this service writes as a header's text, in bytes or characters. */
const LONGEST_TEXT = 1_024;

/** What is longer was not written by this service, and would go on into logs, outcomes and further headers. */
function shortText(value: Buffer | string | undefined): string | undefined {
  return value === undefined || value.length > LONGEST_TEXT ? undefined : value.toString();
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
