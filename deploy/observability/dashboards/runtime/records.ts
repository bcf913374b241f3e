import type { Section } from '../dashboard.ts';
import { graph, largest, rate, series } from '../panels.ts';

/** How much a counter grew in each step of the graph. */
function steps(metric: string, label: string): string {
  return `sum by (${label}) (increase(${series(metric)}[$__rate_interval]))`;
}

/** What comes from the brokers, and what is wrong with it. */
export const records: Section = {
  title: 'Records and topics',
  panels: [
    graph(
      {
        title: 'Records taken in',
        description: 'Records per second taken over from the brokers, by tier.',
        unit: 'cps',
        width: 8,
      },
      [{ expr: rate('notifier_records_consumed_total', ['tier']), legend: '{{tier}}' }],
      { stacked: true },
    ),
    graph(
      {
        title: 'Records that are no event',
        description: 'Records that could not be decoded, by what is wrong with them; they become dead letters.',
        unit: 'short',
        width: 8,
      },
      [{ expr: steps('notifier_decode_errors_total', 'kind'), legend: '{{kind}}' }],
      { stacked: true },
    ),
    graph(
      {
        title: 'Lost or damaged at the brokers',
        description: 'Records deleted before they were read (lost), and answers with a wrong checksum (asked for again).',
        unit: 'short',
        width: 8,
      },
      [
        { expr: steps('notifier_expired_records_total', 'tier'), legend: 'deleted unread {{tier}}' },
        { expr: steps('notifier_corrupt_batches_total', 'tier'), legend: 'damaged {{tier}}' },
      ],
    ),
    graph(
      {
        title: 'Topics and partitions missing',
        description: 'Topics that were deleted, and source partitions without a counterpart.',
        unit: 'short',
        width: 8,
      },
      [
        { expr: largest('notifier_missing_topics'), legend: 'topics' },
        { expr: largest('notifier_unserved_partitions'), legend: 'partitions' },
      ],
    ),
    graph(
      {
        title: 'Retention by topic',
        description: 'How long the brokers keep records. An outage must end before, or payments are never told.',
        unit: 's',
        width: 8,
      },
      [{ expr: largest('notifier_topic_retention_seconds', ['topic']), legend: '{{topic}}' }],
    ),
    graph(
      {
        title: 'Replays and rarities',
        description:
          'Per second: payments told again on purpose (older than REPLAY_BEFORE), failed payments with a code the ' +
          'interface does not list, and verdicts that only the log has.',
        unit: 'cps',
        width: 8,
      },
      [
        { expr: rate('notifier_replayed_total'), legend: 'replayed' },
        { expr: rate('notifier_unlisted_payment_result_codes_total'), legend: 'unlisted code' },
        { expr: rate('notifier_outcomes_unwritten_total'), legend: 'outcome unwritten' },
      ],
    ),
  ],
};
