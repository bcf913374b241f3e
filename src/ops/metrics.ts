import { codeLabel, RESULT_CODES, SYSTEMIC_CODES, TERMINAL_CODES, UNKNOWN_CODES } from '../core/codes.ts';
import { isReplay, judgeObjective } from '../core/objective.ts';
import type { SystemicCodes } from '../core/outcome.ts';
import { MAIN_TIER, type Topology } from '../core/topology.ts';
import type { Fact, ProduceTarget, SettledFact } from '../pipeline/facts.ts';
import type { Observe } from '../pipeline/ports.ts';
import type { WaitReason } from '../pipeline/waits.ts';
import { attemptCounter } from './attempt-counter.ts';
import { exposing, type Expose } from './exposition.ts';
import { handling, type FactHandlers } from './fact-handlers.ts';
import { deadLetterCode, parkedCode } from './labels.ts';
import { MEMBER_STATES } from './metric-table.ts';
import { createInstruments, type Instruments, type measureProcess } from './instruments.ts';
import { createShownPartitions, type ShownPartitions, type PartitionValue } from './shown-partitions.ts';

/** What the metrics have to know of this process. */
export interface MetricsOptions {
  readonly version: string;
  readonly revision: string;
  readonly topology: Topology;
  readonly measureProcess: typeof measureProcess;
  /** Names of the configured retry tiers. */
  readonly tiers: readonly string[];
  readonly systemic: SystemicCodes;
  /** Epoch milliseconds, as is `replayBefore`. */
  readonly now: () => number;
  readonly replayBefore?: number;
  /** Whether the time of an attempt shows an exemplar of it: the trace of its record. */
  readonly exemplars: boolean;
}

/** What is sampled rather than told by facts. Times in epoch milliseconds, 0 = none. */
export interface Gauges {
  /** Records per partition; as with all values per partition, what is not named is gone and what is not owned is not shown. */
  lag(values: readonly PartitionValue[]): void;
  /** The offsets that are committed. */
  committed(values: readonly PartitionValue[]): void;
  /** When the oldest unsettled event first stood in its topic; where it cannot be read, since when it is waited for. */
  oldestUnnotified(values: readonly PartitionValue[]): void;
  /** When the first waiting record of a retry partition is due. */
  retryNextDue(values: readonly PartitionValue[]): void;
  lastPoll(at: number): void;
  inFlight(requests: number): void;
  /** Requests per second, 0 = no cap. */
  sendRateLimit(perSecond: number): void;
  fencedKeys(keys: number): void;
  /** Partitions that stand, by what they wait for. */
  waitingPartitions(count: Readonly<Record<WaitReason, number>>): void;
  memberState(state: (typeof MEMBER_STATES)[number]): void;
  /** `retention.ms` of each topic; negative = for ever. */
  topicRetention(retentionMs: Readonly<Record<string, number>>): void;
  signingKeys(versions: readonly string[], active: string): void;
}

/** The metrics of one process: facts and samples in, text out. */
export interface Metrics {
  readonly observe: Observe;
  readonly gauges: Gauges;
  /** A line of the log that nobody took. */
  readonly logLineDropped: () => void;
  readonly expose: Expose;
}

/** A replay counts as going on for this long after its last request, in milliseconds. */
const REPLAY_LINGERS_MS = 60_000;

/** Makes the metrics, every known combination at 0; several in one process do not disturb each other. */
export function createMetrics(options: MetricsOptions): Metrics {
  const metric = createInstruments(options.measureProcess, options.exemplars);
  const { registry, assignedPartitions } = metric;
  const sampled = [metric.consumerLag, metric.oldestUnnotified];
  const shown = createShownPartitions(options.topology, {
    assignedPartitions,
    fromZero: { all: sampled, retry: [metric.retryNextDue] },
    others: [metric.committedOffset],
  });
  const replaying = { until: 0 };
  fillWithZeros(metric, options);
  const count = handling(handlers(metric, shown, options));
  const expose = exposing(registry, options.exemplars);
  return {
    observe: (fact) => {
      if (fact.kind === 'attempt' && isReplay(fact.provenance, options.replayBefore)) {
        replaying.until = options.now() + REPLAY_LINGERS_MS;
      }
      count(fact);
    },
    gauges: {
      lag: (values) => shown.replace(metric.consumerLag, values),
      committed: (values) => shown.replace(metric.committedOffset, values),
      oldestUnnotified: (values) => shown.replace(metric.oldestUnnotified, inSeconds(values)),
      retryNextDue: (values) => shown.replace(metric.retryNextDue, inSeconds(values)),
      lastPoll: (at) => metric.lastPoll.set(at / 1_000),
      inFlight: (requests) => metric.inFlight.set(requests),
      sendRateLimit: (perSecond) => metric.sendRateLimit.set(perSecond),
      fencedKeys: (keys) => metric.fencedKeys.set(keys),
      waitingPartitions: (count) => {
        for (const [reason, partitions] of Object.entries(count)) metric.waitingPartitions.set({ reason }, partitions);
      },
      memberState: (present) => {
        for (const state of MEMBER_STATES) metric.memberState.set({ state }, state === present ? 1 : 0);
      },
      topicRetention: (retentionMs) => {
        metric.topicRetention.reset();
        for (const [topic, ms] of Object.entries(retentionMs)) {
          metric.topicRetention.set({ topic }, ms < 0 ? Infinity : ms / 1_000);
        }
      },
      signingKeys: (versions, active) => {
        metric.signingKeyInfo.reset();
        for (const version of versions) {
          metric.signingKeyInfo.set({ key_version: version, active: String(version === active) }, 1);
        }
      },
    },
    logLineDropped: () => metric.logLinesDropped.inc(),
    expose: (accept) => {
      metric.replay.set(options.now() < replaying.until ? 1 : 0);
      return expose(accept);
    },
  };
}

function inSeconds(values: readonly PartitionValue[]): PartitionValue[] {
  return values.map((entry) => ({ ...entry, value: entry.value / 1_000 }));
}

/** A counter born at 1 is invisible to `increase()`: so every combination that can be foreseen is there from the start. */
function fillWithZeros(metric: Instruments, { version, revision, tiers, systemic }: MetricsOptions): void {
  metric.buildInfo.set({ version, revision, node_version: process.version }, 1);
  const failures = [...SYSTEMIC_CODES, ...TERMINAL_CODES, 'OTHER'];
  const unknown = [...UNKNOWN_CODES, 'OTHER', 'NONE'];
  const delivered = ['SUCCESS', 'OTHER'];
  const codes = { delivered, rejected: failures, systemic: [...systemic].map(codeLabel), unknown };
  for (const tier of [MAIN_TIER, ...tiers]) {
    metric.recordsConsumed.inc({ tier }, 0);
    metric.expiredRecords.inc({ tier }, 0);
    metric.corruptBatches.inc({ tier }, 0);
    metric.assignedPartitions.set({ tier }, 0);
    for (const [outcome, ofOutcome] of Object.entries(codes)) {
      for (const result_code of ofOutcome) metric.attempts.inc({ tier, outcome, result_code }, 0);
    }
  }
  for (const tier of tiers) {
    metric.retryLateness.zero({ tier });
    for (const result_code of unknown) metric.retryParked.inc({ tier, result_code }, 0);
  }
  for (const result_code of failures) metric.deadLetters.inc({ reason: 'rejected', result_code }, 0);
  for (const result_code of unknown) metric.deadLetters.inc({ reason: 'retries_exhausted', result_code }, 0);
  for (const reason of ['undecodable', 'invalid_event', 'too_large']) {
    metric.deadLetters.inc({ reason, result_code: 'NONE' }, 0);
  }
  for (const result_code of RESULT_CODES.slice(1)) metric.deadLetters.inc({ reason: 'too_large', result_code }, 0);
  showHold(metric, systemic, undefined);
}

function handlers(metric: Instruments, shown: ShownPartitions, options: MetricsOptions): FactHandlers {
  const { topology, systemic, replayBefore } = options;
  return {
    attempt: attemptCounter(metric, options.exemplars),
    settled: (fact) => countSettled(fact, metric, isReplay(fact.provenance, replayBefore)),
    consumed: ({ tier, count }) => metric.recordsConsumed.inc({ tier }, count),
    due: ({ tier, latenessMs }) => metric.retryLateness.observe({ tier }, Math.max(0, latenessMs) / 1_000),
    undecodable: ({ error }) => metric.decodeErrors.inc({ kind: error }),
    unlisted_payment_code: () => metric.unlistedPaymentCodes.inc(),
    superseded: () => undefined,
    outcome_unwritten: () => metric.outcomesUnwritten.inc(),
    fence_read: () => undefined,
    waiting: ({ for: target }) => {
      if (isProduceTarget(target)) metric.produceErrors.inc({ target });
    },
    redrive_left_open: () => undefined,
    hold_began: ({ reason }) => showHold(metric, systemic, reason),
    hold_probed: ({ ended }) => metric.holdProbes.inc({ result: ended ? 'ended' : 'still_held' }),
    hold_ended: () => showHold(metric, systemic, undefined),
    pace: () => undefined,
    joined: ({ partitions }) => {
      metric.rebalances.inc();
      shown.take(partitions);
    },
    left: () => shown.take({}),
    unserved: ({ partitions }) => metric.unservedPartitions.set(partitions.length),
    topics_missing: ({ topics }) => metric.missingTopics.set(topics.length),
    parked_lost: ({ topic, origins }) => metric.expiredRecords.inc({ tier: topology.tierOf(topic) }, origins.length),
    expired: ({ topic, committed, earliest }) =>
      metric.expiredRecords.inc({ tier: topology.tierOf(topic) }, earliest - committed),
    corrupt: ({ topic }) => metric.corruptBatches.inc({ tier: topology.tierOf(topic) }),
    committed: ({ offsets }) => {
      metric.commits.inc({ result: 'ok' });
      const values = offsets.map(({ topic, partition, offset }) => ({ topic, partition, value: offset }));
      shown.set(metric.committedOffset, values);
    },
    commit_failed: () => metric.commits.inc({ result: 'failed' }),
    join_failed: () => undefined,
    join_refused: () => undefined,
    not_left: () => undefined,
    instrumented: () => undefined,
    key_reloaded: ({ result }) => metric.keyReloads.inc({ result }),
  };
}

function isProduceTarget(target: Extract<Fact, { kind: 'waiting' }>['for']): target is ProduceTarget {
  return target === 'retry' || target === 'dead_letter' || target === 'outcome';
}

function countSettled(fact: SettledFact, metric: Instruments, replay: boolean): void {
  const { as } = fact;
  if (as.verdict === 'parked') metric.retryParked.inc({ tier: as.tier, result_code: parkedCode(as.reason) });
  else metric.notifications.inc({ verdict: as.verdict });
  if (as.verdict === 'dead_lettered') {
    metric.deadLetters.inc({ reason: as.reason, result_code: deadLetterCode(as.reason, as.detail) });
  }
  if (replay) {
    if (as.verdict !== 'parked') metric.replayed.inc();
    return;
  }
  if (as.verdict === 'delivered') metric.finalToNotified.observe(Math.max(0, fact.at - fact.finalAt) / 1_000);
  const verdict = judgeObjective(fact);
  if (verdict !== undefined) metric.sloEvents.inc({ verdict });
}

/** At most one hold stands at a time; its reason can change while it stands. */
function showHold({ hold }: Instruments, systemic: SystemicCodes, held: string | undefined): void {
  hold.reset();
  for (const reason of [...systemic, 'outage', 'untrusted_response']) hold.set({ reason }, 0);
  if (held !== undefined) hold.set({ reason: held }, 1);
}
