import type { Section } from '../dashboard.ts';
import { graph, largest, rate, series } from '../panels.ts';

/** Ourselves. */
export const members: Section = {
  title: 'Keys, members and runtime',
  panels: [
    graph(
      {
        title: 'Signatures on answers',
        description: 'Answers whose signature verified, was missing, or did not verify with any of the known keys.',
        unit: 'reqps',
        width: 8,
      },
      [{ expr: rate('notifier_response_signature_total', ['result']), legend: '{{result}}' }],
      { stacked: true, colors: { verified: 'green', missing: 'yellow', invalid: 'red' } },
    ),
    graph(
      {
        title: 'Rebalances',
        description: 'Generations of the group joined in each step of the graph. Repeated ones keep partitions idle.',
        unit: 'short',
        width: 8,
      },
      [
        {
          expr: `sum by (instance) (increase(${series('notifier_rebalances_total')}[$__rate_interval]))`,
          legend: '{{instance}}',
        },
      ],
    ),
    graph(
      {
        title: 'Partitions by member',
        description: 'Source partitions each member owns. Together they are the partitions of the topic.',
        unit: 'short',
        width: 8,
      },
      [
        {
          expr: `sum by (instance) (${series('notifier_assigned_partitions', 'tier="main"')})`,
          legend: '{{instance}}',
        },
      ],
      { stacked: true },
    ),
    graph(
      {
        title: 'Event loop lag',
        description: '99th percentile by member. Past some 100 ms, heartbeats and time limits suffer.',
        unit: 's',
        width: 8,
      },
      [{ expr: largest('nodejs_eventloop_lag_p99_seconds', ['instance']), legend: '{{instance}}' }],
    ),
    graph(
      {
        title: 'Memory',
        description: 'Resident memory and used heap by member. The heap is limited to 75 % of the container.',
        unit: 'bytes',
        width: 8,
      },
      [
        { expr: largest('process_resident_memory_bytes', ['instance']), legend: 'resident {{instance}}' },
        { expr: largest('nodejs_heap_size_used_bytes', ['instance']), legend: 'heap {{instance}}' },
      ],
    ),
    graph(
      {
        title: 'CPU',
        description: 'Cores in use by member. Nearly all of it is signatures and connections.',
        unit: 'short',
        width: 8,
      },
      [{ expr: rate('process_cpu_seconds_total', ['instance']), legend: '{{instance}}' }],
    ),
  ],
};
