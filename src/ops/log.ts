import { pino, type DestinationStream, type LevelWithSilent } from 'pino';
import { recordName } from '../core/record.ts';
import type { AttemptFact, SettledFact } from '../pipeline/facts.ts';
import type { Observe } from '../pipeline/ports.ts';
import { handling, type FactHandlers } from './fact-handlers.ts';
import { outcomeLabel } from './labels.ts';
import { CORRUPT_REMEDY, holdRemedy, MISSING_REMEDIES, REFUSAL_REMEDIES, WAITING_REMEDIES } from './remedies.ts';
import { createThrottle, type Throttle } from './throttle.ts';

/** What stands beside a message. An `Error` is written as its type, message and code; give no other objects of libraries. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes a line. */
export type Write = (message: string, fields?: LogFields) => void;

/** The log of one process: JSON lines, one wide line per attempt, and silence while all is well. */
export interface Log {
  readonly observe: Observe;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

/** How a log is made. */
export interface LogOptions {
  readonly level: LevelWithSilent;
  /** Where lines go. */
  readonly stream: DestinationStream;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** A belt: nothing of these names is ever given to the log. */
const REDACTED = ['headers', 'signature', 'password', 'agentToken', 'privateKey', 'authorization', 'sasl', 'options'];

/** How long the same kind of trouble is left out after a line, in milliseconds. */
const QUIET_MS = 30_000;

/** Makes the log. Lines carry `level` as a word, `time` in ISO 8601 and `service`. */
export function createLog({ level, stream, now = Date.now }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: { service: 'payment-notifier' },
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: REDACTED,
    },
    stream,
  );
  const writer = (write: 'debug' | 'info' | 'warn' | 'error'): Write => {
    return (message, fields = {}) => logger[write](plain(fields), message);
  };
  const lines = { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
  const attempt = (fields: LogFields): void => logger.info(fields);
  return { ...lines, observe: handling(handlers(lines, attempt, createThrottle(QUIET_MS, now))) };
}

/** `Error`s replaced by what of them may be written. */
function plain(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? errorFields(value) : value]),
  );
}

const LONGEST_MESSAGE = 500;
const MOST_NAMED = 50;

/** Type, message and code of anything thrown; never what else a library hung on it. */
export function errorFields(error: unknown): { type: string; message: string; code?: string | number } {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error' };
  const { name, message } = error;
  const code = 'code' in error ? error.code : undefined;
  const fields = { type: name, message: message.slice(0, LONGEST_MESSAGE) };
  return typeof code === 'string' || typeof code === 'number' ? { ...fields, code } : fields;
}

/** The one line an auditor asks for. */
function attemptFields(fact: AttemptFact): LogFields {
  const { record, provenance, outcome, exchange, disposition } = fact;
  return {
    event: 'attempt',
    paymentId: fact.paymentId,
    tier: fact.tier,
    record: recordName(record),
    origin: recordName(provenance.origin),
    attempt: fact.attempt,
    hops: provenance.hops,
    outcome: outcomeLabel(outcome),
    ...(outcome.kind === 'no_result' ? { reason: outcome.reason } : { resultCode: outcome.code }),
    ...(exchange.kind === 'response'
      ? { httpStatus: exchange.status, verification: exchange.verification }
      : { phase: exchange.phase, code: exchange.code }),
    disposition: disposition.kind,
    ...(disposition.kind === 'retry'
      ? { retryTier: disposition.tier.name, notBefore: new Date(disposition.notBefore).toISOString() }
      : {}),
    keyVersion: fact.keyVersion,
    startedAt: new Date(fact.startedAt).toISOString(),
    durationMs: Math.round(fact.durationMs),
  };
}

type Lines = Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;

/** What each fact is worth saying. Normal operation says nothing but the attempts. */
function handlers(log: Lines, attempt: (fields: LogFields) => void, throttle: Throttle): FactHandlers {
  return {
    attempt: (fact) => attempt(attemptFields(fact)),
    settled: (fact) => {
      if (fact.as.verdict === 'dead_lettered') tellDeadLetter(fact, fact.as, log);
      else if (fact.as.verdict === 'parked' && fact.as.reason === 'behind_parked_key') tellWaiting(fact, fact.as, log);
    },
    superseded: ({ kind: event, record, provenance: { origin, hops } }) =>
      log.info('passed over: the event goes on in a newer copy', {
        ...{ event, record: recordName(record), origin: recordName(origin), hops },
      }),
    fence_read: ({ kind: event, records, tookMs }) =>
      log.info('read what is parked', { event, records, tookMs: Math.round(tookMs) }),
    consumed: () => undefined,
    due: () => undefined,
    committed: () => undefined,
    hold_probed: () => undefined,
    undecodable: ({ kind: event, record, error, detail }) =>
      log.debug('a record is no event', { event, record: recordName(record), error, detail: cut(detail) }),
    unlisted_payment_code: ({ kind: event, paymentId, code }) =>
      log.debug('a payment failed with an unlisted code', { event, paymentId, code }),
    waiting: ({ kind: event, for: target, record, error }) => {
      const pass = throttle(`waiting for ${target}`);
      if (pass === undefined) return;
      const about = { event, for: target, record: recordName(record), error: errorFields(error), ...pass };
      log.warn('waiting, and trying again until it works', { ...about, remedy: WAITING_REMEDIES[target] });
    },
    hold_began: ({ kind: event, reason, paymentId }) =>
      log.error('sending is held; nothing is lost, and it resumes by itself once the cause is gone', {
        ...{ event, reason, remedy: holdRemedy(reason) },
        ...(paymentId === '' ? {} : { paymentId }),
      }),
    hold_ended: ({ kind: event, reason, heldMs }) =>
      log.info('sending resumes', { event, reason, heldMs: Math.round(heldMs) }),
    pace: ({ kind: event, limited, perSecond }) => {
      if (!limited) log.info('the gateway takes the traffic again', { event, limited });
      else
        log.warn('the gateway refuses for the traffic; sending slower', {
          event,
          limited,
          perSecond: Math.round(perSecond),
        });
    },
    joined: ({ kind: event, generation, partitions }) =>
      log.info('joined the group', { event, generation, partitions }),
    left: ({ kind: event, clean, drainedMs }) => {
      const fields = { event, clean, drainedMs: Math.round(drainedMs) };
      if (clean) log.info('left the group', fields);
      else log.warn('left the group before all was drained', fields);
    },
    unserved: tellingUnserved(log),
    topics_missing: tellingMissing(log, throttle),
    parked_lost: ({ kind: event, topic, origins }) => {
      const remedy = 'tell these payments another way, or emit them again: their source records are named here';
      const some = origins.slice(0, MOST_NAMED).map(recordName);
      const fields = { event, topic, lost: origins.length, origins: some, remedy };
      log.error('events waited in a retry topic that was deleted, and are lost', fields);
    },
    expired: ({ kind: event, topic, partition, committed, earliest }) => {
      const remedy = 'tell these payments another way, and raise retention.ms of the topic above the longest outage';
      const fields = { event, topic, partition, committed, earliest, lost: earliest - committed, remedy };
      log.error('the brokers deleted records before they were read', fields);
    },
    corrupt: ({ kind: event, topic, partition, offset, detail }) => {
      const pass = throttle(`${event} ${recordName({ topic, partition, offset })}`);
      if (pass === undefined) return;
      const fields = { event, topic, partition, offset, detail, ...pass, remedy: CORRUPT_REMEDY };
      log.error('a batch is not as it was written; its partition waits, and nothing of it is sent', fields);
    },
    commit_failed: ({ kind: event, error }) => {
      const pass = throttle(event);
      if (pass !== undefined) log.warn('offsets were not committed', { event, error: errorFields(error), ...pass });
    },
    join_failed: ({ kind: event, error }) => {
      const pass = throttle(event);
      if (pass === undefined) return;
      log.warn('joined, but the brokers do not say where to begin', { event, error: errorFields(error), ...pass });
    },
    join_refused: ({ kind: event, group, reason, error }) => {
      const pass = throttle(event);
      if (pass === undefined) return;
      const about = { event, group, reason, error: errorFields(error), ...pass, remedy: REFUSAL_REMEDIES[reason] };
      const what = { taken: 'is used by something else than this service', forbidden: 'is not open to this user' };
      log.error(`the group ${group} ${what[reason]}; nothing is read until this member can join it`, about);
    },
    not_left: ({ kind: event, error }) =>
      log.warn('ended without leaving the group: it waits for this member, KAFKA_SESSION_TIMEOUT at most', {
        ...{ event, error: errorFields(error) },
      }),
    key_reloaded: ({ kind: event, result, detail }) => {
      const fields = { event, result, detail };
      if (result === 'ok') log.info('new keys are in use', fields);
      else if (result === 'fallback') log.warn('signing with another key version than the active one', fields);
      else log.error('new keys refused; the old ones stay in use', fields);
    },
  };
}

function tellDeadLetter(fact: SettledFact, as: Extract<SettledFact['as'], { verdict: 'dead_lettered' }>, log: Lines) {
  const { record, provenance, paymentId, tier } = fact;
  log.warn('a record became a dead letter', {
    event: 'dead_letter',
    ...(paymentId === undefined ? {} : { paymentId }),
    tier,
    record: recordName(record),
    origin: recordName(provenance.origin),
    reason: as.reason,
    detail: cut(as.detail),
    attempts: provenance.attempts,
    hops: provenance.hops,
  });
}

/** There is no attempt to tell of, and yet the payment is on its way. */
function tellWaiting(fact: SettledFact, as: Extract<SettledFact['as'], { verdict: 'parked' }>, log: Lines) {
  const { record, paymentId } = fact;
  const notBefore = new Date(as.notBefore).toISOString();
  log.info('waits behind an earlier event of its key', {
    ...{ event: 'behind_parked_key', paymentId, record: recordName(record), waitsIn: as.tier, notBefore },
  });
}

function cut(text: string): string {
  return text.slice(0, LONGEST_MESSAGE);
}

/** Told at once and then now and then, as long as it lasts. */
function tellingMissing(log: Lines, throttle: Throttle): FactHandlers['topics_missing'] {
  let told = false;
  return ({ kind: event, topics }) => {
    for (const { topic, role } of topics) {
      const pass = throttle(`${event} ${topic}`);
      if (pass === undefined) continue;
      log.error(`the topic ${topic} is gone`, { event, topic, remedy: MISSING_REMEDIES[role] });
    }
    if (told && topics.length === 0) log.info('every topic is there again', { event, topics });
    told = topics.length > 0;
  };
}

/** Told when it changes, not each time it is looked at. */
function tellingUnserved(log: Lines): FactHandlers['unserved'] {
  let told = '';
  return ({ kind: event, partitions }) => {
    const names = partitions.join(', ');
    if (names === told) return;
    told = names;
    if (names === '') {
      log.info('every source partition is served', { event, partitions });
      return;
    }
    const remedy = 'add the missing partitions to the retry and dead-letter topics, or set CREATE_TOPICS=true';
    const what = 'source partitions are not read: a retry or dead-letter topic has fewer partitions';
    log.error(what, { event, partitions, remedy });
  };
}
