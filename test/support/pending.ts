/** Metrics that rules, dashboards and runbooks use already, and that the service is about to have. */
export const PENDING_METRICS: readonly string[] = [
  'notifier_waiting_partitions',
  'notifier_member_state',
  'notifier_outcomes_unwritten_total',
];

/** The same for events of the log. */
export const PENDING_EVENTS: readonly string[] = ['outcome_unwritten'];

const FILTERS = ['--reason', '--code', '--from', '--to', '--payment-id'];

/** The same for commands, with their options. */
export const PENDING_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  doctor: ['--json'],
  'dead-letters list': [...FILTERS, '--limit', '--all', '--json'],
  'dead-letters show': ['--json'],
  'dead-letters redrive': [
    ...FILTERS,
    ...['--except', '--max', '--plan', '--dry-run', '--rate', '--max-redrives', '--rebuild-body', '--yes', '--json'],
    '--status',
  ],
  'dead-letters discard': [...FILTERS, '--why', '--yes', '--json'],
  'replay plan': ['--from', '--to', '--from-offset', '--to-offset', '--partition', '--json'],
  'replay run': [
    '--from',
    '--to',
    '--from-offset',
    '--to-offset',
    '--partition',
    '--rate',
    '--skip-delivered',
    '--yes',
  ],
};
