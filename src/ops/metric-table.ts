import { DEAD_LETTER_REASONS } from '../core/disposition.ts';
import { NO_RESULT_REASONS } from '../core/outcome.ts';
import { DECODE_ERRORS } from '../pipeline/facts.ts';
import { WAIT_REASONS } from '../pipeline/waits.ts';
import { ATTEMPT_OUTCOMES } from './labels.ts';

/** How a member can stand to its group. */
export const MEMBER_STATES = ['outside', 'joining', 'serving', 'closing'] as const;

/** The values of a label: all of them, or in words where they are known at run time only. */
type LabelValues = readonly string[] | string;

/** One metric. */
export interface MetricSpec<L extends string = string> {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: Readonly<Record<L, LabelValues>>;
  /** Upper bounds of a histogram, in the metric's unit. */
  readonly buckets?: readonly number[];
}

function counter<const L extends string = never>(name: string, help: string, labels = {} as Record<L, LabelValues>) {
  return { name, type: 'counter', help, labels } as const satisfies MetricSpec<L>;
}

function gauge<const L extends string = never>(name: string, help: string, labels = {} as Record<L, LabelValues>) {
  return { name, type: 'gauge', help, labels } as const satisfies MetricSpec<L>;
}

function histogram<const L extends string = never>(
  name: string,
  help: string,
  buckets: readonly number[],
  labels = {} as Record<L, LabelValues>,
) {
  return { name, type: 'histogram', help, labels, buckets } as const satisfies MetricSpec<L>;
}

const TIER = '`main` or a retry delay';
const RETRY_TIER = 'a retry delay';
const CODE = "a code of the interface's page, `NONE`, `OTHER`";
const PARTITION = { tier: TIER, partition: 'its number' };

/** Every metric of the service itself. The registry is filled and the reference is written from here. */
export const METRICS = {
  buildInfo: gauge('notifier_build_info', 'Always 1; says what runs.', {
    version: 'of the package',
    revision: 'of the source',
    node_version: 'of Node',
  }),
  recordsConsumed: counter('notifier_records_consumed_total', 'Records taken over from the brokers.', { tier: TIER }),
  expiredRecords: counter(
    'notifier_expired_records_total',
    'Offsets that the brokers deleted before they were read; their payments were not told.',
    { tier: TIER },
  ),
  corruptBatches: counter(
    'notifier_corrupt_batches_total',
    'Answers of brokers that began with a batch that is not as it was written; its partition waits, and each try counts.',
    { tier: TIER },
  ),
  attempts: counter('notifier_attempts_total', 'Requests sent, by what became of them.', {
    tier: TIER,
    outcome: ATTEMPT_OUTCOMES,
    result_code: CODE,
  }),
  attemptDuration: histogram(
    'notifier_attempt_duration_seconds',
    'Time of one request, name look-up and connection included, to the last byte in.',
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 7.5, 10],
    { outcome: ATTEMPT_OUTCOMES },
  ),
  noResult: counter('notifier_no_result_total', 'Attempts without a trustworthy result.', {
    reason: NO_RESULT_REASONS,
  }),
  notifications: counter('notifier_notifications_total', 'Events that reached their final verdict.', {
    verdict: ['delivered', 'dead_lettered'],
  }),
  finalToNotified: histogram(
    'notifier_final_to_notified_seconds',
    'From the payment becoming final to its verified delivery; without replays.',
    // 4 and 818 s after the payment the network asks by itself, for the first and the last time; 30 s is the objective.
    [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 818, 3_600, 21_600, 86_400],
  ),
  sloEvents: counter(
    'notifier_slo_events_total',
    'Payments told within 30 s (good), or late or dead-lettered (bad); each once, without replays.',
    { verdict: ['good', 'bad'] },
  ),
  oldestUnnotified: gauge(
    'notifier_oldest_unnotified_timestamp_seconds',
    'When the oldest event not yet settled first stood in its topic; where it cannot be read, since when it is waited for; 0 = none.',
    PARTITION,
  ),
  consumerLag: gauge(
    'notifier_consumer_lag_records',
    'Records not yet committed, those of open transactions included.',
    PARTITION,
  ),
  committedOffset: gauge('notifier_committed_offset', 'Next offset to read after a restart.', PARTITION),
  assignedPartitions: gauge('notifier_assigned_partitions', 'Partitions this member owns.', { tier: TIER }),
  unservedPartitions: gauge(
    'notifier_unserved_partitions',
    'Source partitions without counterparts in a retry or dead-letter topic; they are not read.',
  ),
  missingTopics: gauge(
    'notifier_missing_topics',
    'Source, retry and dead-letter topics that were deleted under the running service; the log names them.',
  ),
  waitingPartitions: gauge(
    'notifier_waiting_partitions',
    'Partitions of this member that stand, by what they wait for.',
    {
      reason: WAIT_REASONS,
    },
  ),
  memberState: gauge('notifier_member_state', '1 for how this member stands to its group now.', {
    state: MEMBER_STATES,
  }),
  rebalances: counter('notifier_rebalances_total', 'Times this member joined a generation of the group.'),
  lastPoll: gauge(
    'notifier_last_poll_timestamp_seconds',
    'When a broker last answered a fetch, or nothing had to be fetched of it; 0 = not yet.',
  ),
  commits: counter('notifier_commits_total', 'Offset commits.', { result: ['ok', 'failed'] }),
  inFlight: gauge('notifier_in_flight_requests', 'Requests sent and not yet answered.'),
  retryParked: counter('notifier_retry_parked_total', 'Records parked, by the tier they wait in and why.', {
    tier: RETRY_TIER,
    result_code: CODE,
  }),
  retryNextDue: gauge(
    'notifier_retry_next_due_timestamp_seconds',
    'When the first waiting record is due; 0 = none waits.',
    { tier: RETRY_TIER, partition: 'its number' },
  ),
  retryLateness: histogram(
    'notifier_retry_lateness_seconds',
    "How long after its time a waiting record's turn came; never negative.",
    [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800],
    { tier: RETRY_TIER },
  ),
  fencedKeys: gauge('notifier_fenced_keys', 'Keys whose later events wait behind a parked one.'),
  deadLetters: counter('notifier_dead_letters_total', 'Records that will not be tried again.', {
    reason: DEAD_LETTER_REASONS,
    result_code: CODE,
  }),
  produceErrors: counter('notifier_produce_errors_total', 'Records that could not be written; each try counts.', {
    target: ['retry', 'dead_letter', 'outcome'],
  }),
  outcomesUnwritten: counter(
    'notifier_outcomes_unwritten_total',
    'Final verdicts committed without their outcome; the log has them in full.',
  ),
  hold: gauge('notifier_hold', '1 while sending is held for this reason.', {
    reason: 'each systemic code, `outage`, `untrusted_response`',
  }),
  holdProbes: counter('notifier_hold_probes_total', 'Probes sent while held.', { result: ['ended', 'still_held'] }),
  sendRateLimit: gauge('notifier_send_rate_limit', 'Current cap in requests per second; 0 = none.'),
  responseSignature: counter('notifier_response_signature_total', 'Answers, by their signature.', {
    result: ['verified', 'missing', 'invalid'],
  }),
  signingKeyInfo: gauge('notifier_signing_key_info', 'Always 1; a key version at hand and whether it signs.', {
    key_version: 'as in the file name',
    active: ['true', 'false'],
  }),
  keyReloads: counter(
    'notifier_key_reloads_total',
    "Changes of the keys, ours or the gateway's, by what became of them.",
    {
      result: ['ok', 'rejected', 'fallback'],
    },
  ),
  decodeErrors: counter('notifier_decode_errors_total', 'Records that are no event.', { kind: DECODE_ERRORS }),
  unlistedPaymentCodes: counter(
    'notifier_unlisted_payment_result_codes_total',
    "Failed payments with a code the interface's page does not list; they are sent as they are.",
  ),
  replay: gauge('notifier_replay', '1 while records older than `REPLAY_BEFORE` are being sent (in the last minute).'),
  logLinesDropped: counter('notifier_log_lines_dropped_total', 'Log lines that nobody took from standard output.'),
  replayed: counter('notifier_replayed_total', 'Events older than `REPLAY_BEFORE` that reached their final verdict.'),
  topicRetention: gauge('notifier_topic_retention_seconds', 'How long the brokers keep records; +Inf = for ever.', {
    topic: 'source, retry, dead-letter and outcome topics',
  }),
};
