/** Series by name and labels, with their values as promtool writes them. */
export type Series = Readonly<Record<string, string>>;

/** A situation, and the alerts that fire in it. */
export interface AlertCase {
  readonly name: string;
  /** What differs from health; `null` takes a series away. */
  readonly series: Readonly<Record<string, string | null>>;
  /** When it is looked at. */
  readonly at: string;
  /** Between two samples; 30s where nothing else is said. */
  readonly interval?: string;
  readonly fires: readonly string[];
}

const OURS = 'job="payment-notifier", instance="a:9464"';
const series = (name: string, labels = ''): string => `${name}{${OURS}${labels && `, ${labels}`}}`;
/** Stands for as many samples as it takes to reach `at`. */
export const TO_THE_END = 'xEND';
const always = (value: number): string => `${value}${TO_THE_END}`;
const growing = (perSample: number, from = 0): string => `${from}+${perSample}${TO_THE_END}`;

/** One member that owns two partitions and tells ten payments a sample, all in time. */
export const HEALTH: Series = {
  [series('up')]: always(1),
  [series('scrape_samples_scraped')]: always(900),
  [series('notifier_build_info', 'version="1.0.0", revision="abc"')]: always(1),
  [series('notifier_slo_events_total', 'verdict="good"')]: growing(10),
  [series('notifier_slo_events_total', 'verdict="bad"')]: always(0),
  [series('notifier_final_to_notified_seconds_bucket', 'le="4"')]: growing(10),
  [series('notifier_final_to_notified_seconds_bucket', 'le="818"')]: growing(10),
  [series('notifier_final_to_notified_seconds_count')]: growing(10),
  [series('notifier_notifications_total', 'verdict="delivered"')]: growing(10),
  [series('notifier_records_consumed_total', 'tier="main"')]: growing(10),
  [series('notifier_attempts_total', 'tier="main", outcome="delivered", result_code="SUCCESS"')]: growing(10),
  [series('notifier_attempts_total', 'tier="main", outcome="unknown", result_code="NONE"')]: always(0),
  [series('notifier_response_signature_total', 'result="invalid"')]: always(0),
  [series('notifier_oldest_unnotified_timestamp_seconds', 'tier="main", partition="0"')]: always(0),
  [series('notifier_oldest_unnotified_timestamp_seconds', 'tier="30s", partition="0"')]: always(0),
  [series('notifier_consumer_lag_records', 'tier="main", partition="0"')]: always(0),
  [series('notifier_consumer_lag_records', 'tier="main", partition="1"')]: always(0),
  [series('notifier_committed_offset', 'tier="main", partition="0"')]: growing(5),
  [series('notifier_committed_offset', 'tier="main", partition="1"')]: growing(5),
  [series('notifier_assigned_partitions', 'tier="main"')]: always(2),
  [series('notifier_unserved_partitions')]: always(0),
  [series('notifier_missing_topics')]: always(0),
  [series('notifier_waiting_partitions', 'reason="registry"')]: always(0),
  [series('notifier_hold', 'reason="KEY_NOT_FOUND"')]: always(0),
  [series('notifier_hold', 'reason="outage"')]: always(0),
  [series('notifier_send_rate_limit')]: always(0),
  [series('notifier_dead_letters_total', 'reason="rejected", result_code="PROCESS_FAIL"')]: always(0),
  [series('notifier_dead_letters_total', 'reason="retries_exhausted", result_code="UNKNOWN_EXCEPTION"')]: always(0),
  [series('notifier_expired_records_total', 'tier="main"')]: always(0),
  [series('notifier_corrupt_batches_total', 'tier="main"')]: always(0),
  [series('notifier_topic_retention_seconds', 'topic="payment-final"')]: always(604_800),
  [series('notifier_topic_retention_seconds', 'topic="payment-final.retry.30s"')]: always(1_209_600),
  [series('notifier_topic_retention_seconds', 'topic="payment-final.dead-letter"')]: always(3_600),
  [series('notifier_produce_errors_total', 'target="retry"')]: always(0),
  [series('notifier_replay')]: always(0),
  [series('notifier_last_poll_timestamp_seconds')]: growing(30),
  [series('notifier_retry_next_due_timestamp_seconds', 'tier="30s", partition="0"')]: always(0),
  [series('notifier_rebalances_total')]: always(1),
  [series('notifier_signing_key_info', 'key_version="1", active="true"')]: always(1),
  [series('notifier_signing_key_info', 'key_version="2", active="false"')]: always(1),
  [series('notifier_key_reloads_total', 'result="fallback"')]: always(0),
  [series('notifier_key_reloads_total', 'result="rejected"')]: always(0),
  [series('nodejs_eventloop_lag_p99_seconds')]: always(0.01),
  [series('notifier_log_lines_dropped_total')]: always(0),
  [series('notifier_outcomes_unwritten_total')]: always(0),
};

const second = (name: string, labels = ''): string => series(name, labels).replace('a:9464', 'b:9464');

export const ALERT_CASES: readonly AlertCase[] = [
  { name: 'health, for two hours', series: {}, at: '2h', fires: [] },
  {
    name: 'two minutes after the first member has started, before its first samples',
    series: {
      [series('notifier_last_poll_timestamp_seconds')]: '0 0 0 90+30x20',
      [series('notifier_committed_offset', 'tier="main", partition="0"')]: '_ _ _ 7 7 7 7',
      [series('notifier_committed_offset', 'tier="main", partition="1"')]: '_ _ _ 7 7 7 7',
    },
    at: '2m',
    fires: [],
  },
  {
    name: 'one payment in fifty late for an hour',
    series: { [series('notifier_slo_events_total', 'verdict="bad"')]: growing(0.2) },
    at: '1h',
    fires: ['ErrorBudgetBurnFast', 'ErrorBudgetBurnSlow'],
  },
  {
    name: 'four late payments among few',
    series: {
      [series('notifier_slo_events_total', 'verdict="good"')]: growing(0.1),
      [series('notifier_slo_events_total', 'verdict="bad"')]: '0x100 4x20',
    },
    at: '55m',
    fires: [],
  },
  {
    name: 'one payment in five hundred late for two days',
    series: {
      [series('notifier_slo_events_total', 'verdict="bad"')]: growing(0.02),
      [series('notifier_last_poll_timestamp_seconds')]: growing(300),
    },
    at: '2d',
    interval: '5m',
    fires: ['ErrorBudgetBurnSlow'],
  },
  {
    name: 'a total stall: nothing moves, and burn rates know nothing of it',
    series: {
      [series('notifier_slo_events_total', 'verdict="good"')]: always(100),
      [series('notifier_notifications_total', 'verdict="delivered"')]: always(100),
      [series('notifier_oldest_unnotified_timestamp_seconds', 'tier="main", partition="0"')]: always(60),
      [series('notifier_consumer_lag_records', 'tier="main", partition="0"')]: growing(10),
      [series('notifier_committed_offset', 'tier="main", partition="0"')]: always(100),
    },
    at: '12m',
    fires: ['OldestUnnotifiedTooOld', 'PartitionStalled'],
  },
  {
    name: 'an oldest payment of 100 seconds',
    series: { [series('notifier_oldest_unnotified_timestamp_seconds', 'tier="main", partition="0"')]: '1+30x20' },
    at: '5m',
    fires: [],
  },
  {
    name: 'a held partition is not called stalled',
    series: {
      [series('notifier_hold', 'reason="KEY_NOT_FOUND"')]: always(1),
      [series('notifier_consumer_lag_records', 'tier="main", partition="0"')]: growing(10, 1),
      [series('notifier_committed_offset', 'tier="main", partition="0"')]: always(100),
    },
    at: '20m',
    fires: ['Held'],
  },
  {
    name: 'an outage of six minutes',
    series: { [series('notifier_hold', 'reason="outage"')]: '0x10 1x40' },
    at: '11m',
    fires: ['HeldByOutage'],
  },
  {
    name: 'an outage of four minutes',
    series: { [series('notifier_hold', 'reason="outage"')]: '0x10 1x8 0x10' },
    at: '9m',
    fires: [],
  },
  {
    name: 'the registry is away for six minutes',
    series: { [series('notifier_waiting_partitions', 'reason="registry"')]: always(2) },
    at: '6m',
    fires: ['PartitionsWaiting'],
  },
  {
    name: 'answers with wrong signatures',
    series: { [series('notifier_response_signature_total', 'result="invalid"')]: growing(1) },
    at: '5m',
    fires: ['ResponseNotTrusted'],
  },
  {
    name: 'a third of the results unknown',
    series: {
      [series('notifier_attempts_total', 'tier="main", outcome="unknown", result_code="NONE"')]: growing(5),
    },
    at: '25m',
    fires: ['UnknownRatioHigh'],
  },
  {
    name: 'a limit below half of what there is to send',
    series: {
      [series('notifier_send_rate_limit')]: always(1),
      [series('notifier_consumer_lag_records', 'tier="main", partition="0"')]: growing(300, 6_000),
    },
    at: '30m',
    fires: ['SendRateLimited'],
  },
  {
    name: 'a limit nobody feels',
    series: { [series('notifier_send_rate_limit')]: always(200) },
    at: '30m',
    fires: [],
  },
  {
    name: 'one payment given up after its last retry',
    series: {
      [series('notifier_dead_letters_total', 'reason="retries_exhausted", result_code="UNKNOWN_EXCEPTION"')]:
        '0x4 1x20',
    },
    at: '4m',
    fires: ['RetriesExhausted', 'DeadLetters'],
  },
  {
    name: 'one refused payment',
    series: { [series('notifier_dead_letters_total', 'reason="rejected", result_code="PROCESS_FAIL"')]: '0x4 1x20' },
    at: '4m',
    fires: ['DeadLetters'],
  },
  {
    name: 'every third payment refused',
    series: { [series('notifier_dead_letters_total', 'reason="rejected", result_code="PROCESS_FAIL"')]: growing(3) },
    at: '10m',
    fires: ['DeadLetterSurge', 'DeadLetters'],
  },
  {
    name: 'records deleted unread',
    series: { [series('notifier_expired_records_total', 'tier="main"')]: '0x4 12x20' },
    at: '4m',
    fires: ['RecordsExpired'],
  },
  {
    name: 'a retry that waits for more than half of its retention',
    series: {
      [series('notifier_topic_retention_seconds', 'topic="payment-final.retry.30s"')]: always(1_200),
      [series('notifier_oldest_unnotified_timestamp_seconds', 'tier="30s", partition="0"')]: always(1),
    },
    at: '20m',
    fires: ['RetentionRisk'],
  },
  {
    name: 'a payment that waits for more than half of the retention of the source',
    series: {
      [series('notifier_topic_retention_seconds', 'topic="payment-final"')]: always(1_200),
      [series('notifier_oldest_unnotified_timestamp_seconds', 'tier="main", partition="0"')]: always(1),
    },
    at: '20m',
    fires: ['RetentionRisk', 'OldestUnnotifiedTooOld'],
  },
  {
    name: 'the brokers take no retry records',
    series: { [series('notifier_produce_errors_total', 'target="retry"')]: growing(1) },
    at: '4m',
    fires: ['CannotPark'],
  },
  {
    name: 'a partition without counterparts',
    series: { [series('notifier_unserved_partitions')]: always(1) },
    at: '3m',
    fires: ['UnservedPartitions'],
  },
  {
    name: 'a deleted topic',
    series: { [series('notifier_missing_topics')]: always(1) },
    at: '2m',
    fires: ['TopicsMissing'],
  },
  {
    name: 'a partition that nobody owns any more',
    series: {
      [series('notifier_assigned_partitions', 'tier="main"')]: '2x20 1x40',
      [series('notifier_committed_offset', 'tier="main", partition="1"')]: '0+5x20 _x40',
    },
    at: '20m',
    fires: ['UnownedPartitions'],
  },
  {
    name: 'two members that share',
    series: {
      [series('notifier_assigned_partitions', 'tier="main"')]: always(1),
      [second('notifier_assigned_partitions', 'tier="main"')]: always(1),
    },
    at: '20m',
    fires: [],
  },
  {
    name: 'offsets that went back',
    series: { [series('notifier_committed_offset', 'tier="main", partition="0"')]: '100+5x20 50+5x40' },
    at: '12m',
    fires: ['OffsetRewind'],
  },
  {
    name: 'offsets that went back for a replay',
    series: {
      [series('notifier_committed_offset', 'tier="main", partition="0"')]: '100+5x20 50+5x40',
      [series('notifier_replay')]: always(1),
    },
    at: '12m',
    fires: [],
  },
  {
    name: 'damaged batches',
    series: { [series('notifier_corrupt_batches_total', 'tier="main"')]: growing(30) },
    at: '7m',
    fires: ['CorruptBatches'],
  },
  {
    name: 'no member at all',
    series: Object.fromEntries(Object.keys(HEALTH).map((name) => [name, null])),
    at: '3m',
    fires: ['Absent'],
  },
  {
    name: 'a member that is down',
    series: { [series('up')]: always(0) },
    at: '3m',
    fires: ['Absent'],
  },
  {
    name: 'a member whose fetches stop',
    series: { [series('notifier_last_poll_timestamp_seconds')]: always(30) },
    at: '6m',
    fires: ['PollStalled'],
  },
  {
    name: 'a member that has never fetched',
    series: { [series('notifier_last_poll_timestamp_seconds')]: always(0) },
    at: '3m',
    fires: ['PollStalled'],
  },
  {
    name: 'a retry that is not sent',
    series: { [series('notifier_retry_next_due_timestamp_seconds', 'tier="30s", partition="0"')]: always(10) },
    at: '9m',
    fires: ['RetryOverdue'],
  },
  {
    name: 'a group that joins again and again',
    series: { [series('notifier_rebalances_total')]: growing(1) },
    at: '16m',
    fires: ['RebalanceStorm'],
  },
  {
    name: 'two versions of the key sign',
    series: { [second('notifier_signing_key_info', 'key_version="2", active="true"')]: always(1) },
    at: '16m',
    fires: ['KeyVersionSkew'],
  },
  {
    name: 'a fallback to another key',
    series: { [series('notifier_key_reloads_total', 'result="fallback"')]: '0x4 1x20' },
    at: '4m',
    fires: ['KeyFallback'],
  },
  {
    name: 'keys that cannot be read',
    series: { [series('notifier_key_reloads_total', 'result="rejected"')]: '0x4 1x20' },
    at: '4m',
    fires: ['KeysRejected'],
  },
  {
    name: 'a slow event loop',
    series: { [series('nodejs_eventloop_lag_p99_seconds')]: always(0.6) },
    at: '11m',
    fires: ['EventLoopLag'],
  },
  {
    name: 'two versions for half an hour',
    series: { [second('notifier_build_info', 'version="0.9.0", revision="old"')]: always(1) },
    at: '31m',
    fires: ['VersionSkew'],
  },
  {
    name: 'log lines that nobody takes',
    series: { [series('notifier_log_lines_dropped_total')]: '0x4 400x20' },
    at: '4m',
    fires: ['LogLinesDropped'],
  },
  {
    name: 'outcomes that could not be written',
    series: { [series('notifier_outcomes_unwritten_total')]: '0x4 2x20' },
    at: '4m',
    fires: ['OutcomesUnwritten'],
  },
  {
    name: 'too many series',
    series: { [series('scrape_samples_scraped')]: always(3_000) },
    at: '16m',
    fires: ['Cardinality'],
  },
];
