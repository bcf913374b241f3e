/** Metrics that rules and dashboards use already, and that the service is about to have. */
export const PENDING_METRICS: readonly string[] = ['notifier_waiting_partitions', 'notifier_member_state'];
