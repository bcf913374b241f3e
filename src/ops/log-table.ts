import {
  CORRUPT_REMEDY,
  HOLD_REMEDIES,
  LEFT_OPEN_REMEDIES,
  MISSING_REMEDIES,
  REFUSAL_REMEDIES,
  WAITING_REMEDIES,
} from './remedies.ts';

/** How loud a line is: `error` wants somebody now, `warn` a look today, `info` is kept, `debug` is not written by default. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** One kind of line. */
export interface LogEventSpec {
  readonly levels: readonly Level[];
  /** For the reference; Markdown. */
  readonly meaning: string;
  /** What may stand in the line beside `level`, `time`, `service`, `event` and `msg`. */
  readonly fields: readonly string[];
  /** What an operator can do; where a line has a `remedy`, it is this text, or the one of its case. */
  readonly remedy: string | Readonly<Record<string, string>>;
}

/** Every event of the log. A line can be written only with an event, a level and fields of this table. */
export const LOG_EVENTS = {
  attempt: {
    levels: ['info'],
    meaning: 'One request to the gateway and what it came to; the line an auditor asks for.',
    fields: [
      ...([
        'traceId',
        'paymentId',
        'tier',
        'record',
        'origin',
        'attempt',
        'hops',
        'outcome',
        'reason',
        'resultCode',
      ] as const),
      ...(['httpStatus', 'verification', 'phase', 'code', 'disposition', 'retryTier', 'notBefore'] as const),
      ...(['keyVersion', 'startedAt', 'durationMs'] as const),
    ],
    remedy: 'nothing',
  },
  dead_letter: {
    levels: ['warn'],
    meaning: 'A record will not be tried again; it stands in the dead-letter topic.',
    fields: ['traceId', 'paymentId', 'tier', 'record', 'origin', 'reason', 'detail', 'attempts', 'hops'],
    remedy: 'look at `reason` and `detail`; tell the payment another way, or emit a corrected event',
  },
  outcome_unwritten: {
    levels: ['error'],
    meaning:
      'The partition was handed over before OUTCOMES_TOPIC took a verdict; its record is committed all the same, so that nothing is sent again.',
    fields: [
      ...([
        'traceId',
        'paymentId',
        'verdict',
        'deadLetterReason',
        'resultCode',
        'attempts',
        'keyVersion',
        'firstAttemptAt',
      ] as const),
      ...(['settledAt', 'origin', 'requestSha256', 'responseSha256', 'remedy'] as const),
    ],
    remedy:
      'keep this line: it is the whole outcome (the topic has it too where the brokers took it late); see what `waiting` said of the topic',
  },
  behind_parked_key: {
    levels: ['info'],
    meaning: 'An event waits, without a request, because an earlier event of its key waits for its retry.',
    fields: ['traceId', 'paymentId', 'record', 'waitsIn', 'notBefore'],
    remedy: 'nothing; it is sent after the earlier one',
  },
  superseded: {
    levels: ['info'],
    meaning: 'A record was passed over unsent: a newer copy of the same event goes on in its place.',
    fields: ['traceId', 'record', 'origin', 'hops'],
    remedy: 'nothing; a crash between parking and committing leaves such copies',
  },
  fence_read: {
    levels: ['info'],
    meaning: 'What is parked in newly assigned partitions was read, so that nothing overtakes it.',
    fields: ['records', 'tookMs'],
    remedy: 'nothing; where it takes minutes, many events are parked: see `notifier_fenced_keys`',
  },
  undecodable: {
    levels: ['debug'],
    meaning: 'The bytes of a record are no event; a `dead_letter` line follows.',
    fields: ['traceId', 'record', 'error', 'detail'],
    remedy: 'ask who writes the topic, with the coordinates in `record`',
  },
  unlisted_payment_code: {
    levels: ['debug'],
    meaning: "A payment failed with a code that the interface's page does not list; it is sent as it is.",
    fields: ['traceId', 'paymentId', 'code'],
    remedy: 'ask who writes the topic whether the code is meant',
  },
  waiting: {
    levels: ['warn'],
    meaning:
      'A partition waits and tries again: for the registry, for room among parked events, for a topic to be written, or (told after 30 s) for an open transaction.',
    fields: ['traceId', 'for', 'record', 'error', 'leftOut', 'remedy'],
    remedy: WAITING_REMEDIES,
  },
  redrive_left_open: {
    levels: ['warn'],
    meaning:
      'A redrive was killed within a transaction, or is too slow for it, and retries wait behind that: it was ended (`ended`), or could not be (`forbidden`, `failed`).',
    fields: ['record', 'transactionalId', 'result', 'error', 'leftOut', 'remedy'],
    remedy: LEFT_OPEN_REMEDIES,
  },
  hold_began: {
    levels: ['error'],
    meaning: 'Sending is held, but for one probe at a time: the fault concerns every event. Nothing is lost.',
    fields: ['reason', 'remedy', 'traceId', 'paymentId'],
    remedy: HOLD_REMEDIES,
  },
  hold_ended: {
    levels: ['info'],
    meaning: 'A probe was answered: sending resumes.',
    fields: ['reason', 'heldMs'],
    remedy: 'nothing',
  },
  pace: {
    levels: ['info', 'warn'],
    meaning: 'The gateway refuses for the traffic, so sending slows down (`limited`); or it takes all of it again.',
    fields: ['limited', 'perSecond'],
    remedy: 'nothing; where it lasts, ask the gateway for a higher limit or set `GATEWAY_MAX_RATE` to the agreed one',
  },
  joined: {
    levels: ['info'],
    meaning: 'This member joined the group and owns these partitions from now on.',
    fields: ['generation', 'partitions'],
    remedy: 'nothing; where it repeats every few minutes, look at what restarts the members',
  },
  left: {
    levels: ['info', 'warn'],
    meaning:
      'This member let go of its partitions, to leave or to join anew; a warning where something in flight was not settled.',
    fields: ['clean', 'drainedMs'],
    remedy:
      'where not `clean`, expect repeats of what was in flight, and look for a gateway or brokers that answer slowly',
  },
  unserved: {
    levels: ['info', 'error'],
    meaning:
      'Source partitions are not read, because a retry or dead-letter topic has fewer partitions; or all are again.',
    fields: ['partitions', 'remedy'],
    remedy: 'add the missing partitions to the retry and dead-letter topics, or set CREATE_TOPICS=true',
  },
  topics_missing: {
    levels: ['info', 'error'],
    meaning: 'A topic was deleted under the running service; or every topic is there again.',
    fields: ['topic', 'topics', 'remedy'],
    remedy: MISSING_REMEDIES,
  },
  parked_lost: {
    levels: ['error'],
    meaning: 'Events waited in a retry topic that was deleted, and are lost; at most 50 of them are named.',
    fields: ['topic', 'lost', 'origins', 'remedy'],
    remedy: 'tell these payments another way, or emit them again: their source records are named here',
  },
  expired: {
    levels: ['error'],
    meaning: 'The brokers deleted records before they were read; their payments were not told.',
    fields: ['topic', 'partition', 'committed', 'earliest', 'lost', 'remedy'],
    remedy: 'tell these payments another way, and raise retention.ms of the topic above the longest outage',
  },
  corrupt: {
    levels: ['error'],
    meaning: 'A batch is not as it was written; its partition waits and asks again, and nothing of it is sent.',
    fields: ['topic', 'partition', 'offset', 'detail', 'leftOut', 'remedy'],
    remedy: CORRUPT_REMEDY,
  },
  commit_failed: {
    levels: ['warn'],
    meaning: 'The brokers did not take a commit; it goes out again with the next one.',
    fields: ['error', 'leftOut'],
    remedy:
      'nothing where it happens once; else look at the brokers: after a crash, what is not committed is sent again',
  },
  join_failed: {
    levels: ['warn'],
    meaning: 'This member joined, but the brokers do not say where to begin; it asks again.',
    fields: ['error', 'leftOut'],
    remedy: 'look at the brokers, and at the READ right of this user on the group and its topics',
  },
  join_refused: {
    levels: ['error'],
    meaning: 'The group does not let this member in; nothing is read, and it asks again.',
    fields: ['group', 'reason', 'error', 'leftOut', 'remedy'],
    remedy: REFUSAL_REMEDIES,
  },
  not_left: {
    levels: ['warn'],
    meaning: 'This member ended without telling the group, which waits for it, `KAFKA_SESSION_TIMEOUT` at most.',
    fields: ['error'],
    remedy: 'nothing; its partitions go to others once its session is over',
  },
  key_reloaded: {
    levels: ['info', 'warn', 'error'],
    meaning:
      'Keys changed on disk: in use (`ok`), refused (`rejected`); or another version than the active one signs (`fallback`).',
    fields: ['result', 'detail'],
    remedy:
      '`rejected`: mend the file that `detail` names · `fallback`: make the version that works active, or register the active one',
  },
  instrumented: {
    levels: ['warn'],
    meaning:
      "OpenTelemetry was injected into this process and patched Kafka's client or HTTPS: records lose the `traceparent` of " +
      'their origin, or requests gain one.',
    fields: ['patched', 'remedy'],
    remedy:
      'set OTEL_NODE_DISABLED_INSTRUMENTATIONS=kafkajs,http for this process; its other instrumentations may stay',
  },
  kafka_client: {
    levels: ['debug', 'warn'],
    meaning: "What the Kafka client's own log says; errors that it tries again by itself are for debugging.",
    fields: ['part', 'detail', 'leftOut'],
    remedy: 'nothing alone; read it beside the other lines of the same time',
  },
} as const satisfies Readonly<Record<string, LogEventSpec>>;

/** The name of an event. */
export type LogEvent = keyof typeof LOG_EVENTS;

/** The levels that lines of an event may have. */
export type LevelOf<E extends LogEvent> = (typeof LOG_EVENTS)[E]['levels'][number];

/** The fields that a line of an event may have, and no others. */
export type FieldsOf<E extends LogEvent> = Readonly<Partial<Record<(typeof LOG_EVENTS)[E]['fields'][number], unknown>>>;

/** Writes a line. */
export type Tell = <E extends LogEvent>(
  event: E,
  level: LevelOf<E>,
  message: string | undefined,
  fields: FieldsOf<E>,
) => void;
