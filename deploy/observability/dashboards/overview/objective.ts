import type { Section } from '../dashboard.ts';
import { graph, quantile, rate, within } from '../panels.ts';

const ALL = rate('notifier_slo_events_total');
const TOLD = rate('notifier_final_to_notified_seconds_count');

/** How well they are told. */
export const objective: Section = {
  title: 'The objective: 99.9 % within 30 s',
  panels: [
    graph(
      {
        title: 'Late or given up',
        description:
          'Part of the live payments not told within 30 s. 0.1 % uses up the budget of 30 days in 30 days; above the ' +
          'line it is gone in 50 hours.',
        unit: 'percentunit',
        width: 8,
      },
      [{ expr: `${rate('notifier_slo_events_total', [], 'verdict="bad"')} / ${ALL}`, legend: 'late or given up' }],
      { alertAbove: 0.0144, colors: { 'late or given up': 'red' } },
    ),
    graph(
      {
        title: 'Told within',
        description:
          'Part of the payments told before 4 s (the network asks for the first time), 30 s (our objective) and 818 s ' +
          '(it asks for the last time).',
        unit: 'percentunit',
        width: 8,
      },
      [4, 30, 818].map((seconds) => ({ expr: `${rate('notifier_final_to_notified_seconds_bucket', [], within(seconds))} / ${TOLD}`, legend: `${seconds} s` })),
    ),
    graph(
      {
        title: 'Final to notified',
        description: 'From the payment being final to its verified S, waiting and retries included.',
        unit: 's',
        width: 8,
      },
      [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, 'notifier_final_to_notified_seconds'),
        legend: `p${q * 100}`,
      })),
    ),
  ],
};
