import { expect, test } from 'vitest';
import { writeHeaders } from '../../../src/core/provenance.ts';
import type { LaneState } from '../../../src/kafka/lanes/lane-watch.ts';
import type { PartitionValue } from '../../../src/ops/shown-partitions.ts';
import { sampleLanes } from '../../../src/service/sampling.ts';
import { SOURCE, sourceRecord } from '../../support/fixtures.ts';

const RETRY = `${SOURCE}.retry.5s`;
const STATE: LaneState = {
  ...{ topic: SOURCE, partition: 0, position: 5, committed: 5, end: 5 },
  ...{ oldest: undefined, standsSince: undefined, wait: undefined },
};

/** What is shown of these lanes, each gauge by partition. */
async function shown(states: () => Promise<LaneState[]>, wall = 7) {
  const seen: Record<string, unknown> = {};
  const note = (name: string) => (values: readonly PartitionValue[]) => {
    seen[name] = Object.fromEntries(
      values.map(({ topic, partition, value }) => [`${topic}:${String(partition)}`, value]),
    );
  };
  const gauges = {
    ...{ lag: note('lag'), committed: note('committed'), oldestUnnotified: note('oldest'), retryNextDue: note('due') },
    lastPoll: (at: number) => (seen['polled'] = at),
  };
  await sampleLanes({ states, lastPoll: { wall, monotonic: 1 } }, SOURCE, gauges).catch(() => undefined);
  return seen;
}

test('lag is what is not committed, whether or not it may be read; what the end of is not known shows none', async () => {
  const states: LaneState[] = [
    STATE,
    { ...STATE, partition: 1, position: 9, committed: 6, end: 12 },
    { ...STATE, partition: 2, end: undefined },
    { ...STATE, partition: 3, end: 4 },
  ];
  expect(await shown(() => Promise.resolve(states))).toMatchObject({
    lag: { [`${SOURCE}:0`]: 0, [`${SOURCE}:1`]: 6, [`${SOURCE}:3`]: 0 },
    committed: { [`${SOURCE}:0`]: 5, [`${SOURCE}:1`]: 6, [`${SOURCE}:2`]: 5, [`${SOURCE}:3`]: 5 },
  });
});

test('the oldest event is dated by its origin; where it cannot be read, by when the lane began to stand', async () => {
  const origin = { topic: SOURCE, partition: 1, offset: 3, timestamp: 1_000 };
  const headers = writeHeaders({}, { origin, attempts: 1, hops: 1, notBefore: 9_000 });
  const states: LaneState[] = [
    STATE,
    { ...STATE, topic: RETRY, partition: 1, oldest: sourceRecord({ topic: RETRY, timestamp: 4_000, headers }) },
    { ...STATE, partition: 2, end: 9, standsSince: 6_000, wait: { reason: 'open_transaction', since: 0 } },
  ];
  expect(await shown(() => Promise.resolve(states))).toMatchObject({
    oldest: { [`${SOURCE}:0`]: 0, [`${RETRY}:1`]: 1_000, [`${SOURCE}:2`]: 6_000 },
    due: { [`${RETRY}:1`]: 9_000 },
  });
});

test('the last poll is shown, also while the brokers do not tell the ends', async () => {
  expect(await shown(() => Promise.reject(new Error('no answer')), 11)).toEqual({ polled: 11 });
});
