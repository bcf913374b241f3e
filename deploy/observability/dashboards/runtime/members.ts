import type { Section } from '../dashboard.ts';
import { age, graph, rate, series } from '../panels.ts';

/** Who belongs to the group, and owns what. */
export const members: Section = {
  title: 'Members of the group',
  panels: [
    graph(
      {
        title: 'Members by state',
        description: 'Outside the group, joining it, serving partitions, or closing. All should serve but for moments.',
        unit: 'short',
        width: 8,
      },
      [{ expr: `sum by (state) (${series('notifier_member_state')})`, legend: '{{state}}' }],
      { stacked: true, colors: { serving: 'green', joining: 'yellow', closing: 'orange', outside: 'red' } },
    ),
    graph(
      {
        title: 'Partitions by member',
        description: 'Source partitions each member owns. Together they are the partitions of the topic.',
        unit: 'short',
        width: 8,
      },
      [{ expr: `sum by (instance) (${series('notifier_assigned_partitions', 'tier="main"')})`, legend: '{{instance}}' }],
      { stacked: true },
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
        title: 'Commits',
        description: 'Offset commits per second. One that failed goes out again with the next; many mean sick brokers.',
        unit: 'cps',
        width: 8,
      },
      [{ expr: rate('notifier_commits_total', ['result']), legend: '{{result}}' }],
      { stacked: true, colors: { ok: 'green', failed: 'red' } },
    ),
    graph(
      {
        title: 'Last answer of the brokers',
        description: 'Seconds since a fetch of this member was answered; sampled every 5 s.',
        unit: 's',
        width: 8,
      },
      [{ expr: age('notifier_last_poll_timestamp_seconds', ['instance']), legend: '{{instance}}' }],
      { alertAbove: 120 },
    ),
    graph(
      {
        title: 'Versions',
        description: 'Members by the version and revision they run. More than one for half an hour: a stuck roll-out.',
        unit: 'short',
        width: 8,
      },
      [
        {
          expr: `count by (version, revision, node_version) (${series('notifier_build_info')})`,
          legend: '{{version}} {{revision}} Node {{node_version}}',
        },
      ],
      { stacked: true },
    ),
  ],
};
