import { setTimeout as sleep } from 'node:timers/promises';
import { readProvenance } from '../core/provenance.ts';
import type { GroupConsumer } from '../kafka/consumer.ts';
import type { MemberView } from '../kafka/group/member-state.ts';
import type { LaneState } from '../kafka/lanes/lane-watch.ts';
import type { Gauges } from '../ops/metrics.ts';

/** Shows how far behind this member's partitions are; asked on a timer, since nothing happens in a partition that stands still. */
export async function sampleLanes(
  consumer: Pick<GroupConsumer, 'states' | 'lastPoll'>,
  source: string,
  gauges: Pick<Gauges, 'lag' | 'committed' | 'oldestUnnotified' | 'retryNextDue' | 'lastPoll'>,
): Promise<void> {
  gauges.lastPoll(consumer.lastPoll?.wall ?? 0);
  const lanes = await consumer.states();
  const shown = (value: (lane: LaneState) => number | undefined) =>
    lanes.flatMap((lane) => {
      const sampled = value(lane);
      return sampled === undefined ? [] : [{ topic: lane.topic, partition: lane.partition, value: sampled }];
    });
  const head = (lane: LaneState) => (lane.oldest === undefined ? undefined : readProvenance(lane.oldest, source));
  gauges.lag(shown(({ committed, end }) => (end === undefined ? undefined : Math.max(0, end - committed))));
  gauges.committed(shown(({ committed }) => committed));
  gauges.oldestUnnotified(shown((lane) => head(lane)?.origin.timestamp ?? lane.standsSince ?? 0));
  gauges.retryNextDue(shown((lane) => (lane.topic === source ? undefined : (head(lane)?.notBefore ?? 0))));
}

/** The longest that somebody who looks at the status waits for the brokers, in milliseconds. */
const ENDS_WITHIN_MS = 1_000;

/** Every lane's state; where the brokers do not soon say how far their partitions go, with what they said last. */
export async function lanesSoon(consumer: GroupConsumer): Promise<readonly LaneState[]> {
  const states = consumer.states().catch(() => undefined);
  return (await Promise.race([states, sleep(ENDS_WITHIN_MS, undefined, { ref: false })])) ?? consumer.statesNow();
}

/** A member that has not been made yet. */
export function outsideSince(since: number): MemberView {
  return { id: null, generation: null, state: 'outside', since };
}
