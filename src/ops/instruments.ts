import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricSpec } from './metric-table.ts';

/** The metrics of the table, ready to be written, and the registry that shows them. */
export type Instruments = ReturnType<typeof createInstruments>;

/** Adds what the client library measures of the process, less the gauges that are named like counters. */
export function measureProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const { name, type } of registry.getMetricsAsArray() as unknown as { name: string; type: string }[]) {
    if (type === 'gauge' && name.endsWith('_total')) registry.removeSingleMetric(name);
  }
}

/**
 * Makes every metric of the table in a registry of its own. Metrics whose labels have a closed list of values start with all
 * of them at 0.
 *
 * @param measure adds what is measured of the process they are of
 * @param exemplars whether the time of an attempt can have exemplars
 */
export function createInstruments(measure: (registry: Registry) => void, exemplars: boolean) {
  const registry = new Registry();
  measure(registry);

  function configuration<L extends string>({ name, help, labels }: MetricSpec<L>) {
    return { name, help, labelNames: Object.keys(labels) as L[], registers: [registry] };
  }
  function counter<L extends string>(spec: MetricSpec<L>): Counter<L> {
    const made = new Counter(configuration(spec));
    for (const labels of combinations(spec)) made.inc(labels, 0);
    return made;
  }
  function gauge<L extends string>(spec: MetricSpec<L>): Gauge<L> {
    const made = new Gauge(configuration(spec));
    for (const labels of combinations(spec)) made.set(labels, 0);
    return made;
  }
  function histogram<L extends string>(spec: MetricSpec<L>, enableExemplars = false): Histogram<L> {
    const buckets = [...(spec.buckets ?? [])];
    // The client library refuses exemplars where it knows of a registry that shows none.
    const made = new Histogram({ ...configuration(spec), buckets, enableExemplars, registers: [] });
    registry.registerMetric(made);
    for (const labels of combinations(spec)) made.zero(labels);
    return made;
  }

  return {
    registry,
    buildInfo: gauge(METRICS.buildInfo),
    recordsConsumed: counter(METRICS.recordsConsumed),
    expiredRecords: counter(METRICS.expiredRecords),
    corruptBatches: counter(METRICS.corruptBatches),
    attempts: counter(METRICS.attempts),
    attemptDuration: histogram(METRICS.attemptDuration, exemplars),
    noResult: counter(METRICS.noResult),
    notifications: counter(METRICS.notifications),
    finalToNotified: histogram(METRICS.finalToNotified),
    sloEvents: counter(METRICS.sloEvents),
    oldestUnnotified: gauge(METRICS.oldestUnnotified),
    consumerLag: gauge(METRICS.consumerLag),
    committedOffset: gauge(METRICS.committedOffset),
    assignedPartitions: gauge(METRICS.assignedPartitions),
    unservedPartitions: gauge(METRICS.unservedPartitions),
    missingTopics: gauge(METRICS.missingTopics),
    waitingPartitions: gauge(METRICS.waitingPartitions),
    memberState: gauge(METRICS.memberState),
    rebalances: counter(METRICS.rebalances),
    lastPoll: gauge(METRICS.lastPoll),
    commits: counter(METRICS.commits),
    inFlight: gauge(METRICS.inFlight),
    retryParked: counter(METRICS.retryParked),
    retryNextDue: gauge(METRICS.retryNextDue),
    retryLateness: histogram(METRICS.retryLateness),
    fencedKeys: gauge(METRICS.fencedKeys),
    deadLetters: counter(METRICS.deadLetters),
    produceErrors: counter(METRICS.produceErrors),
    outcomesUnwritten: counter(METRICS.outcomesUnwritten),
    hold: gauge(METRICS.hold),
    holdProbes: counter(METRICS.holdProbes),
    sendRateLimit: gauge(METRICS.sendRateLimit),
    responseSignature: counter(METRICS.responseSignature),
    signingKeyInfo: gauge(METRICS.signingKeyInfo),
    keyReloads: counter(METRICS.keyReloads),
    decodeErrors: counter(METRICS.decodeErrors),
    unlistedPaymentCodes: counter(METRICS.unlistedPaymentCodes),
    replay: gauge(METRICS.replay),
    logLinesDropped: counter(METRICS.logLinesDropped),
    replayed: counter(METRICS.replayed),
    topicRetention: gauge(METRICS.topicRetention),
  } satisfies Record<keyof typeof METRICS | 'registry', unknown>;
}

/** Every combination of the labels' values; none where a label's values are known at run time only. */
function combinations<L extends string>({ labels }: MetricSpec<L>): Record<L, string>[] {
  let made: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries<readonly string[] | string>(labels)) {
    const listed = typeof values === 'string' ? [] : values;
    made = made.flatMap((combination) => listed.map((value) => ({ ...combination, [label]: value })));
  }
  return made;
}
