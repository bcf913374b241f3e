import { describe, expect, test } from 'vitest';
import { GIVEN_UP } from '../../../../src/kafka/kafkajs/errors.ts';
import type { KnownOffsets } from '../../../../src/kafka/group/collaborators.ts';
import { Epoch, instant } from '../../../../src/kafka/group/epoch.ts';
import type { ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';
import type { Lane } from '../../../../src/kafka/lanes/lane.ts';
import { AllParkedKeys } from '../../../../src/pipeline/all-parked-keys.ts';
import { CarryOver } from '../../../../src/kafka/lanes/carry-over.ts';
import { endsTooEarly, firstReads, laneStarts } from '../../../../src/kafka/lanes/starts.ts';

const ASSIGNED = [
  { topic: 'pf', partitions: [0, 1] },
  { topic: 'retry', partitions: [0] },
];

type Offsets = Readonly<Record<string, number>>;

/** A group whose brokers keep these first offsets, by `topic:partition`; `commits` reach them. */
function groupOf(first: Offsets, memberId: string | null = 'm', failure?: Error) {
  const commits: object[] = [];
  const told = (offsets: Offsets) =>
    ASSIGNED.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => ({ partition, offset: String(offsets[`${topic}:${partition}`] ?? 0) })),
    }));
  const coordinator = {
    offsetCommit: (commit: object) =>
      failure === undefined ? Promise.resolve(void commits.push(commit)) : Promise.reject(failure),
  };
  const cluster = {
    findGroupCoordinator: () => Promise.resolve(coordinator),
    fetchTopicsOffset: ([{ fromBeginning } = { fromBeginning: false }]: { fromBeginning: boolean }[]) =>
      Promise.resolve(told(fromBeginning ? first : {})),
  };
  const group = { cluster, groupId: 'g', memberId, assigned: () => ASSIGNED };
  return { group: group as unknown as ConsumerGroup, commits };
}

function known(offsets: Offsets): KnownOffsets {
  return new Map(Object.entries(offsets).map(([at, offset]) => [at, { offset, metadata: '' }] as const));
}

const epoch = new Epoch(4, 30_000, instant());

/** What this member's lanes of a generation had settled when it ended, by `topic:partition`. */
function settledIn(generation: number, settled: Readonly<Record<string, readonly [offset: number, metadata: string]>>) {
  const carryOver = new CarryOver(new AllParkedKeys());
  carryOver.into(groupOf({}).group, new Epoch(generation, 30_000, instant()), new Map());
  const lanes = Object.entries(settled).map(([at, [offset, metadata]]) => {
    const [topic, partition] = at.split(':');
    return { topic, partition: Number(partition), progress: () => ({ offset, metadata }) } as unknown as Lane;
  });
  carryOver.keep(lanes, () => false);
  return carryOver;
}

describe('where lanes begin', () => {
  test('is what was committed; where nothing was, the first record, and that is committed in this generation', async () => {
    const { group, commits } = groupOf({ 'pf:0': 2, 'pf:1': 7, 'retry:0': 3 });
    const { committed, earliest } = await laneStarts(
      group,
      epoch,
      known({ 'pf:0': 5 }),
      new CarryOver(new AllParkedKeys()),
    );
    expect(Object.fromEntries(committed)).toEqual({ 'pf:0': { offset: 5, metadata: '' } });
    expect(Object.fromEntries(earliest)).toEqual({ 'pf:0': 2, 'pf:1': 7, 'retry:0': 3 });
    const partition = (number: number, offset: string) => ({ partition: number, offset, metadata: '' });
    expect(commits).toEqual([
      {
        ...{ groupId: 'g', memberId: 'm', groupGenerationId: 4 },
        topics: [
          { topic: 'pf', partitions: [partition(1, '7')] },
          { topic: 'retry', partitions: [partition(0, '3')] },
        ],
      },
    ]);
  });

  test('is where this member has settled more than was committed, and that is committed in this generation', async () => {
    const { group, commits } = groupOf({});
    const carryOver = settledIn(3, { 'pf:0': [7, '2'], 'pf:1': [4, ''], 'retry:0': [2, ''] });
    const { committed } = await laneStarts(group, epoch, known({ 'pf:0': 5, 'pf:1': 4, 'retry:0': 3 }), carryOver);
    const at = (offset: number, metadata = '') => ({ offset, metadata });
    expect(Object.fromEntries(committed)).toMatchObject({ 'pf:0': at(7, '2'), 'pf:1': at(4), 'retry:0': at(3) });
    const own = { partition: 0, offset: '7', metadata: '2' };
    expect(commits).toMatchObject([{ groupGenerationId: 4, topics: [{ topic: 'pf', partitions: [own] }] }]);
  });

  test('is not known where nobody tells what stands in a partition: it is not taken for empty', async () => {
    const { group, commits } = groupOf({});
    const assigned = [...ASSIGNED, { topic: 'untold', partitions: [0] }];
    const untold = { ...group, assigned: () => assigned };
    await expect(laneStarts(untold, epoch, known({}), new CarryOver(new AllParkedKeys()))).rejects.toThrow(
      'who leads untold:0',
    );
    expect(commits).toEqual([]);
  });

  test('is in doubt where its commit was given up: another one of this generation could be overtaken', async () => {
    const given = new Epoch(4, 30_000, instant());
    const { group } = groupOf({}, 'm', Object.assign(new Error('no answer'), { code: GIVEN_UP }));
    await expect(laneStarts(group, given, known({}), new CarryOver(new AllParkedKeys()))).rejects.toThrow('no answer');
    const { group: refused } = groupOf({}, 'm', new Error('refused'));
    await expect(laneStarts(refused, epoch, known({}), new CarryOver(new AllParkedKeys()))).rejects.toThrow('refused');
    expect([given.ended.aborted, epoch.ended.aborted]).toEqual([true, false]);
  });

  test('is committed by nobody where the group has an offset of each partition', async () => {
    const { group, commits } = groupOf({});
    await laneStarts(group, epoch, known({ 'pf:0': 0, 'pf:1': 1, 'retry:0': 2 }), new CarryOver(new AllParkedKeys()));
    expect(commits).toEqual([]);
  });

  test('is committed without an id by whoever has none', async () => {
    const { group, commits } = groupOf({}, null);
    await laneStarts(group, epoch, known({}), new CarryOver(new AllParkedKeys()));
    expect(commits).toMatchObject([{ memberId: '', groupGenerationId: 4 }]);
  });

  test('is read from the first record on where what was committed is gone', () => {
    const committed = new Map([
      ['pf:0', { offset: 5, metadata: '' }],
      ['pf:1', { offset: 5, metadata: '' }],
    ]);
    const earliest = new Map([
      ['pf:0', 2],
      ['pf:1', 7],
      ['retry:0', 3],
    ]);
    expect(Object.fromEntries(firstReads({ committed, earliest }))).toEqual({ 'pf:0': 5, 'pf:1': 7, 'retry:0': 3 });
  });
});

test('a partition that ends before what was committed is told with what to do about it', () => {
  expect(endsTooEarly('g', { topic: 'pf', partition: 1, next: 9 }, 4)).toBe(
    'pf:1 ends at offset 4, but the group has committed 9: the topic was made anew, or has lost records. Decide where to ' +
      'go on and set it with kafka-consumer-groups --group g --topic pf:1 --reset-offsets --to-offset … --execute, then ' +
      'start again',
  );
});
