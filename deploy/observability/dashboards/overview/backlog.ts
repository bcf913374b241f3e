import type { Section } from '../dashboard.ts';
import { age, graph, largest } from '../panels.ts';

/** What has not been told yet. */
export const backlog: Section = {
  title: 'Backlog by partition',
  panels: [
    graph(
      {
        title: 'Lag by source partition',
        description: 'Records of the source not yet committed. One partition alone: a payment or a member holds it up.',
        unit: 'short',
        width: 8,
      },
      [{ expr: largest('notifier_consumer_lag_records', ['partition'], 'tier="main"'), legend: '{{partition}}' }],
    ),
    graph(
      {
        title: 'Oldest unnotified by source partition',
        description: 'Age of the oldest source record that is not settled. 0 where none waits.',
        unit: 's',
        width: 8,
      },
      [
        {
          expr: age('notifier_oldest_unnotified_timestamp_seconds', ['partition'], 'tier="main"'),
          legend: '{{partition}}',
        },
      ],
      { alertAbove: 120 },
    ),
    graph(
      {
        title: 'Partitions that wait, by reason',
        description:
          'Partitions that stand still although nothing is held: for the registry, for a topic to be written, for room ' +
          'among parked events, or because what they would read is damaged or missing.',
        unit: 'short',
        width: 8,
      },
      [{ expr: largest('notifier_waiting_partitions', ['reason']), legend: '{{reason}}' }],
      { stacked: true },
    ),
  ],
};
