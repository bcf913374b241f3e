/** Metrics that rules, dashboards and runbooks use already, and that the service is about to have. */
export const PENDING_METRICS: readonly string[] = ['notifier_outcomes_unwritten_total'];

/** The same for events of the log. */
export const PENDING_EVENTS: readonly string[] = ['outcome_unwritten'];
