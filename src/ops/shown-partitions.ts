import type { Gauge } from 'prom-client';
import { MAIN_TIER, type Topology } from '../core/topology.ts';

/** A sample of one partition. */
export interface PartitionValue {
  readonly topic: string;
  readonly partition: number;
  readonly value: number;
}

type PartitionGauge = Gauge<'tier' | 'partition'>;

/** Keeps what is shown per partition to the partitions this member owns: the next owner shows them from now on. */
export interface ShownPartitions {
  /** What is owned from now on, partitions by topic. */
  take(partitions: Readonly<Record<string, readonly number[]>>): void;
  /** Shows these, beside what was shown before. */
  set(gauge: PartitionGauge, values: readonly PartitionValue[]): void;
  /** Shows these and nothing else. */
  replace(gauge: PartitionGauge, values: readonly PartitionValue[]): void;
}

/** Owns nothing at first. */
export function createShownPartitions(
  topology: Topology,
  gauges: {
    assignedPartitions: Gauge<'tier'>;
    /** Shown from the assignment on, at 0 before their first sample: for every partition, or those of retry topics only. */
    fromZero: { all: readonly PartitionGauge[]; retry: readonly PartitionGauge[] };
    others: readonly PartitionGauge[];
  },
): ShownPartitions {
  const { assignedPartitions, fromZero, others } = gauges;
  const tiers = new Set<string>();
  let owned = new Map<string, { tier: string; partition: string }>();

  const set: ShownPartitions['set'] = (gauge, values) => {
    for (const { topic, partition, value } of values) {
      const labels = owned.get(`${topic}:${String(partition)}`);
      if (labels !== undefined) gauge.set(labels, value);
    }
  };
  return {
    take(partitions) {
      const before = owned;
      owned = new Map();
      for (const tier of tiers) assignedPartitions.set({ tier }, 0);
      for (const [topic, numbers] of Object.entries(partitions)) {
        const tier = topology.tierOf(topic);
        tiers.add(tier);
        assignedPartitions.set({ tier }, numbers.length);
        for (const number of numbers) {
          const name = `${topic}:${String(number)}`;
          const labels = { tier, partition: String(number) };
          owned.set(name, labels);
          if (before.has(name)) continue;
          for (const gauge of tier === MAIN_TIER ? fromZero.all : [...fromZero.all, ...fromZero.retry]) {
            gauge.set(labels, 0);
          }
        }
      }
      for (const [name, labels] of before) {
        if (owned.has(name)) continue;
        for (const gauge of [...fromZero.all, ...fromZero.retry, ...others]) gauge.remove(labels);
      }
    },
    set,
    replace(gauge, values) {
      gauge.reset();
      set(gauge, values);
    },
  };
}
