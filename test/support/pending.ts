/** Metrics that rules, dashboards and runbooks use already, and that the service is about to have. */
export const PENDING_METRICS: readonly string[] = ['notifier_outcomes_unwritten_total'];

/** The same for events of the log. */
export const PENDING_EVENTS: readonly string[] = ['outcome_unwritten'];

const FILTERS = ['--reason', '--code', '--from', '--to', '--payment-id'];

/** The same for commands, with their options. */
export const PENDING_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'dead-letters list': [...FILTERS, '--limit', '--all', '--json'],
  'dead-letters show': ['--json'],
  'dead-letters redrive': [
    ...FILTERS,
    ...['--except', '--max', '--plan', '--dry-run', '--rate', '--max-redrives', '--rebuild-body', '--yes', '--json'],
    '--status',
  ],
  'dead-letters discard': [...FILTERS, '--why', '--yes', '--json'],
};
