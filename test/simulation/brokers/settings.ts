import type { SessionRules } from './fetch-sessions.ts';

/** How brokers are set. Milliseconds; what is a function is asked each time, so that it can be drawn. */
export interface Settings extends SessionRules {
  /** `group.initial.rebalance.delay.ms` */
  readonly initialRebalanceDelayMs: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** `offset.metadata.max.bytes` */
  readonly offsetMetadataMaxBytes: number;
  /** How many partitions `__consumer_offsets` and `__transaction_state` have. */
  readonly coordinatorPartitions: number;
  /** How often transactions are looked at that may be too old. */
  readonly transactionCleanupMs: number;
  readonly maxTransactionTimeoutMs: number;
  /** Until a new coordinator has read what it coordinates. */
  readonly loadMs: () => number;
  /** Until all in-sync replicas have what the leader appended. */
  readonly replicationMs: () => number;
  /** Until the end of a transaction stands in a partition. */
  readonly markerMs: () => number;
  /** Until others take over from a broker that died. */
  readonly failoverMs: () => number;
  /** Until a broker that was started again has what the others have. */
  readonly catchUpMs: () => number;
  /** Until a broker hears of what has changed. */
  readonly newsMs: () => number;
}

const atOnce = (): number => 0;

/** Kafka's own defaults, but that everything inside the cluster takes no time. */
export const DEFAULT_SETTINGS: Settings = {
  initialRebalanceDelayMs: 3_000,
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  offsetMetadataMaxBytes: 4_096,
  coordinatorPartitions: 4,
  transactionCleanupMs: 10_000,
  fetchSessionSlots: 1_000,
  fetchSessionEvictionMs: 120_000,
  maxTransactionTimeoutMs: 900_000,
  loadMs: atOnce,
  replicationMs: atOnce,
  markerMs: atOnce,
  failoverMs: atOnce,
  catchUpMs: atOnce,
  newsMs: atOnce,
};
