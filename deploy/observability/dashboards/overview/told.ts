import type { Section } from '../dashboard.ts';
import { age, growth, largest, partOfPayments, rate, series, stat, within } from '../panels.ts';

const OBJECTIVE = 0.999;
/** The burn rate that wakes somebody within the hour; see deploy/observability/objectives.md. */
const FAST_BURN = 14.4;

/** The answer at a glance. */
export const told: Section = {
  title: 'Are partners being told?',
  panels: [
    stat(
      {
        title: 'Notified within 30 s',
        description:
          'Share of live payments notified within 30 s of becoming final, over the time shown. Objective: 99.9 %. ' +
          'Dead letters count against it.',
        unit: 'percentunit',
        width: 4,
      },
      { expr: partOfPayments('$__range', 'notifier_slo_events_total', 'verdict="good"'), legend: 'in time' },
      {
        base: 'red',
        steps: [
          { value: 1 - FAST_BURN * (1 - OBJECTIVE), color: 'orange' },
          { value: OBJECTIVE, color: 'green' },
        ],
        decimals: 2,
      },
    ),
    stat(
      {
        title: 'Notified within 4 s',
        description: "Share of live payments notified before the network's first own inquiry, 4 s after the payment.",
        unit: 'percentunit',
        width: 4,
      },
      {
        expr: partOfPayments('$__range', 'notifier_final_to_notified_seconds_bucket', within(4)),
        legend: 'within 4 s',
      },
      { base: 'orange', steps: [{ value: 0.5, color: 'green' }], decimals: 1 },
    ),
    stat(
      {
        title: 'Notified within 818 s',
        description: "Share of live payments notified before the network's last own inquiry; later nobody asks any more.",
        unit: 'percentunit',
        width: 4,
      },
      { expr: partOfPayments('$__range', 'notifier_final_to_notified_seconds_bucket', within(818)), legend: 'within 818 s' },
      { base: 'red', steps: [{ value: OBJECTIVE, color: 'green' }], decimals: 2 },
    ),
    stat(
      {
        title: 'Error budget left, 30 d',
        description: 'What is left of the 0.1 % of payments that may be late or given up in 30 days.',
        unit: 'percentunit',
        width: 4,
      },
      {
        expr: `1 - (1 - ${partOfPayments('30d', 'notifier_slo_events_total', 'verdict="good"')}) / ${(1 - OBJECTIVE).toFixed(3)}`,
        legend: 'budget left',
      },
      {
        base: 'red',
        steps: [
          { value: 0, color: 'orange' },
          { value: 0.5, color: 'green' },
        ],
        decimals: 0,
      },
    ),
    stat(
      {
        title: 'Oldest unnotified',
        description: 'Age of the oldest source record that is not settled, of all partitions. 0 where none waits.',
        unit: 's',
        width: 4,
      },
      { expr: age('notifier_oldest_unnotified_timestamp_seconds', [], 'tier="main"'), legend: 'age' },
      {
        steps: [
          { value: 30, color: 'orange' },
          { value: 120, color: 'red' },
        ],
        decimals: 0,
      },
    ),
    stat(
      {
        title: 'Held?',
        description: 'Whether sending stands still for a fault that concerns every payment. The reason is shown below.',
        unit: 'bool_yes_no',
        width: 4,
      },
      { expr: largest('notifier_hold'), legend: 'held' },
      { steps: [{ value: 1, color: 'red' }], texts: { '0': 'No', '1': 'HELD' } },
    ),
    stat(
      {
        title: 'Events per second',
        description: 'Source records taken in per second, retries not counted.',
        unit: 'cps',
        width: 4,
      },
      { expr: rate('notifier_records_consumed_total', [], 'tier="main"'), legend: 'events' },
      { base: 'blue' },
    ),
    stat(
      {
        title: 'Dead letters, 24 h',
        description: 'Payments given up in the last 24 h. Each one is a partner who was not told: see by reason below.',
        unit: 'short',
        width: 4,
      },
      { expr: growth('24h', 'notifier_dead_letters_total'), legend: 'dead letters' },
      {
        steps: [
          { value: 0.5, color: 'orange' },
          { value: 20, color: 'red' },
        ],
        decimals: 0,
      },
    ),
    stat(
      {
        title: 'Unserved partitions',
        description: 'Source partitions that are not read because a retry or dead-letter topic has too few partitions.',
        unit: 'short',
        width: 4,
      },
      { expr: largest('notifier_unserved_partitions'), legend: 'unserved' },
      { steps: [{ value: 1, color: 'red' }] },
    ),
    stat(
      {
        title: 'Members serving',
        description: 'Members that belong to the group and serve partitions: pods that are ready.',
        unit: 'short',
        width: 4,
      },
      { expr: `sum (${series('notifier_member_state', 'state="serving"')})`, legend: 'members' },
      { base: 'red', steps: [{ value: 1, color: 'green' }] },
    ),
    stat(
      {
        title: 'Signing key',
        description: 'Key version that requests are signed with. Two at once for long: members do not agree.',
        unit: 'none',
        width: 4,
      },
      { expr: largest('notifier_signing_key_info', ['key_version'], 'active="true"'), legend: '{{key_version}}' },
      { base: 'blue', byName: true },
    ),
    stat(
      {
        title: 'Send rate cap',
        description:
          'Sum of the current caps of all members; 0 stands for no cap. It falls when the gateway complains.',
        unit: 'reqps',
        width: 4,
      },
      { expr: `sum (${series('notifier_send_rate_limit')})`, legend: 'cap' },
      { base: 'blue' },
    ),
  ],
};
