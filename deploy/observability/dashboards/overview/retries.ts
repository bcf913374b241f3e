import type { Section } from '../dashboard.ts';
import { age, CODE_COLORS, graph, largest, quantile, rate, series } from '../panels.ts';

/** What waits to be sent again. */
export const retries: Section = {
  title: 'Retries',
  panels: [
    graph(
      {
        title: 'Parked per second by tier',
        description:
          'Records written to each retry topic. The tiers follow one another, so a long one means a long fault.',
        unit: 'cps',
        width: 8,
      },
      [{ expr: rate('notifier_retry_parked_total', ['tier']), legend: '{{tier}}' }],
      { stacked: true },
    ),
    graph(
      {
        title: 'Parked per second by result code',
        description: 'Why records were parked; NONE for no trustworthy result, and for waiting behind a parked record.',
        unit: 'cps',
        width: 8,
      },
      [{ expr: rate('notifier_retry_parked_total', ['result_code']), legend: '{{result_code}}' }],
      { stacked: true, colors: CODE_COLORS },
    ),
    graph(
      {
        title: 'Waiting by tier',
        description: 'Records in each retry topic that are not yet committed, of all partitions.',
        unit: 'short',
        width: 8,
      },
      [
        {
          expr: `sum by (tier) (${largest('notifier_consumer_lag_records', ['tier', 'partition'], 'tier!="main"')})`,
          legend: '{{tier}}',
        },
      ],
    ),
    graph(
      {
        title: 'Retry lateness by tier',
        description: 'How long after its time the turn of a waiting record came: 99th percentile. Never early.',
        unit: 's',
        width: 8,
      },
      [{ expr: quantile(0.99, 'notifier_retry_lateness_seconds', ['tier']), legend: 'p99 {{tier}}' }],
    ),
    graph(
      {
        title: 'Retry overdue by tier',
        description: 'How long ago the first waiting record of a tier was due; 0 while none is. It grows while held.',
        unit: 's',
        width: 8,
      },
      [
        {
          expr: `clamp_min(${age('notifier_retry_next_due_timestamp_seconds', ['tier'])}, 0)`,
          legend: '{{tier}}',
        },
      ],
      { alertAbove: 300 },
    ),
    graph(
      {
        title: 'Keys behind a parked record',
        description:
          'Keys whose later events wait, so that their order is kept. A long row of them: one payment hangs.',
        unit: 'short',
        width: 8,
      },
      [{ expr: `sum (${series('notifier_fenced_keys')})`, legend: 'keys' }],
    ),
  ],
};

/** What was given up. */
export const deadLetters: Section = {
  title: 'Dead letters',
  panels: [
    graph(
      {
        title: 'Dead letters by reason',
        description: 'Records given up per second: rejected, retries exhausted, undecodable, invalid or too large.',
        unit: 'cps',
        width: 8,
      },
      [{ expr: rate('notifier_dead_letters_total', ['reason']), legend: '{{reason}}' }],
      { stacked: true },
    ),
    graph(
      {
        title: 'Dead letters by result code',
        description: 'The last answer before a record was given up; NONE where there was none.',
        unit: 'cps',
        width: 8,
      },
      [{ expr: rate('notifier_dead_letters_total', ['result_code']), legend: '{{result_code}}' }],
      { stacked: true, colors: CODE_COLORS },
    ),
    graph(
      {
        title: 'Produce errors by target',
        description:
          'Tries to write a retry record, a dead letter or an outcome that failed. The lane waits, nothing is lost.',
        unit: 'cps',
        width: 8,
      },
      [{ expr: rate('notifier_produce_errors_total', ['target']), legend: '{{target}}' }],
      { stacked: true },
    ),
  ],
};
