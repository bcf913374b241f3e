import type { Section } from '../dashboard.ts';
import { CODE_COLORS, graph, largest, OUTCOME_COLORS, quantile, rate, states } from '../panels.ts';

/** What the gateway answers, and what we made of it. */
export const gateway: Section = {
  title: 'Whose fault? What the gateway answers',
  panels: [
    graph(
      {
        title: 'Attempts by outcome',
        description:
          'Requests per second by our judgement. Rejected: that payment. Systemic: our key, id or address. ' +
          'Unknown: theirs or the way there; sent again.',
        unit: 'reqps',
        width: 12,
      },
      [{ expr: rate('notifier_attempts_total', ['outcome']), legend: '{{outcome}}' }],
      { stacked: true, colors: OUTCOME_COLORS },
    ),
    graph(
      {
        title: 'Attempts by result code',
        description: 'Requests per second by the code in the answer; NONE where there was no trustworthy result.',
        unit: 'reqps',
        width: 12,
      },
      [{ expr: rate('notifier_attempts_total', ['result_code']), legend: '{{result_code}}' }],
      { stacked: true, colors: CODE_COLORS },
    ),
    graph(
      {
        title: 'No result by reason',
        description: 'Why there was no trustworthy result. DNS, TLS and refused: the way there. Untrusted: their key.',
        unit: 'reqps',
        width: 12,
      },
      [{ expr: rate('notifier_no_result_total', ['reason']), legend: '{{reason}}' }],
      { stacked: true },
    ),
    states(
      {
        title: 'Holds by reason',
        description:
          'When sending stood still, and for what: a systemic code, an outage, or answers that do not verify.',
        unit: 'bool_yes_no',
        width: 12,
      },
      { expr: largest('notifier_hold', ['reason']), legend: '{{reason}}' },
      { off: 'sending', on: 'held' },
    ),
    graph(
      {
        title: 'Attempt duration',
        description: 'From the connection to the last byte in, by outcome. Attempts end at GATEWAY_TIMEOUT.',
        unit: 's',
        width: 12,
      },
      [0.5, 0.99].map((q) => ({
        expr: quantile(q, 'notifier_attempt_duration_seconds', ['outcome']),
        legend: `p${q * 100} {{outcome}}`,
      })),
    ),
    graph(
      {
        title: 'Verdicts',
        description: 'Payments per second that came to their end: told, or given up.',
        unit: 'cps',
        width: 12,
      },
      [{ expr: rate('notifier_notifications_total', ['verdict']), legend: '{{verdict}}' }],
      { stacked: true, colors: { delivered: 'green', dead_lettered: 'red' } },
    ),
  ],
};
