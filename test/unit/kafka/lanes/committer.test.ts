import { describe, expect, test } from 'vitest';
import { Committer } from '../../../../src/kafka/lanes/committer.ts';
import { Epoch, instant } from '../../../../src/kafka/group/epoch.ts';
import { GIVEN_UP } from '../../../../src/kafka/kafkajs/errors.ts';
import type { ConsumerGroup, GroupPosition, TopicOffsets } from '../../../../src/kafka/kafkajs/types.ts';
import type { Lane } from '../../../../src/kafka/lanes/lane.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { deferred, pass, soon, SOURCE, useVirtualTime } from '../../../support/fixtures.ts';

const RETRY = `${SOURCE}.retry.5s`;

useVirtualTime();

type Commit = GroupPosition & { readonly topics: readonly TopicOffsets[] };

const protocolError = (type: string): Error => Object.assign(new Error(type), { type });

/** A committer of generation 4 and what reaches the coordinator through it. */
function committerWith(answer: (commit: number) => Promise<void> = () => Promise.resolve(), lookup?: Promise<void>) {
  const commits: Commit[] = [];
  const facts: Fact[] = [];
  const gone = new Set<string>();
  const lookups = { count: 0 };
  const wishes = { joins: 0 };
  const coordinator = {
    nodeId: 1,
    offsetCommit: (commit: Commit) => {
      commits.push(commit);
      return answer(commits.length);
    },
  };
  const group = {
    cluster: {
      findGroupCoordinator: async () => {
        lookups.count += 1;
        await lookup;
        return coordinator;
      },
    },
    coordinator: (lookup === undefined ? coordinator : null) as object | null,
    groupId: 'g',
    memberId: 'm',
  };
  const epoch = new Epoch(4, 30_000, instant());
  /** What comes of looking which topics there are. */
  const looks: (() => Promise<void>)[] = [];
  const committer = new Committer(group as unknown as ConsumerGroup, epoch, {
    observe: (fact) => facts.push(fact),
    isSuspect: (topic) => gone.has(topic),
    joinAgain: () => (wishes.joins += 1),
    unknownTopic: () => looks.shift()?.() ?? Promise.resolve(),
  });
  const offsets = () =>
    commits.map(({ topics }) =>
      topics.flatMap(({ partitions }) => partitions.map(({ partition, offset }) => `${String(partition)}@${offset}`)),
    );
  return {
    committer,
    group,
    looks,
    wishes,
    gone,
    epoch,
    commits,
    facts,
    lookups,
    offsets,
    kinds: () => facts.map(({ kind }) => kind),
  };
}

/** A lane as the committer sees it. */
function laneAt(partition: number, offset: number, topic = SOURCE, { tookMs = 0, awaitsCommit = false } = {}) {
  const lane = { topic, partition, offset, acknowledged: 0 };
  const progress = () => ({ offset: lane.offset, metadata: '1-2', acknowledge: () => (lane.acknowledged += 1) });
  return Object.assign(lane, { lane: { topic, partition, progress, tookMs, awaitsCommit } as unknown as Lane });
}

describe('commits', () => {
  test('leave out lanes of a topic that may be gone, which are told of no commit, and neither is anybody else', async () => {
    const { committer, gone, commits, facts, offsets } = committerWith();
    gone.add(RETRY);
    const [lane, other] = [laneAt(0, 5, RETRY), laneAt(1, 7)];
    committer.moved(lane.lane);
    await committer.flushed();
    expect([commits, facts, lane.acknowledged]).toEqual([[], [], 0]);

    committer.moved(lane.lane);
    committer.moved(other.lane);
    await pass(10);
    await committer.flushed();
    expect([offsets(), lane.acknowledged, other.acknowledged]).toEqual([[['1@7']], 0, 1]);
    expect(facts).toMatchObject([{ kind: 'committed', offsets: [{ topic: SOURCE, partition: 1, offset: 7 }] }]);
  });

  test('refused because a topic is gone are made to no other one under its name: first it is found out what it is', async () => {
    const unknown = protocolError('UNKNOWN_TOPIC_OR_PARTITION');
    const { committer, gone, looks, offsets, kinds } = committerWith((commit) =>
      commit === 1 ? Promise.reject(unknown) : Promise.resolve(),
    );
    const found = deferred<undefined>();
    looks.push(
      () => Promise.reject(new Error('no broker')),
      () => found.promise.then(() => void gone.add(RETRY)),
    );
    const [lane, other] = [laneAt(0, 5, RETRY), laneAt(1, 7)];
    committer.moved(lane.lane);
    committer.moved(other.lane);
    await pass(60_000);
    expect([offsets(), kinds()]).toEqual([[['0@5', '1@7']], ['commit_failed', 'commit_failed']]);
    found.resolve(undefined);
    await pass(1_000);
    await committer.flushed();
    expect([offsets().slice(1), lane.acknowledged, other.acknowledged]).toEqual([[['1@7']], 0, 1]);
  });

  test('carry the fronts of all lanes that moved, in the generation they worked in', async () => {
    const { committer, commits } = committerWith();
    committer.moved(laneAt(0, 5).lane);
    committer.moved(laneAt(1, 7).lane);
    await committer.flushed();
    expect(commits).toEqual([
      {
        groupId: 'g',
        memberId: 'm',
        groupGenerationId: 4,
        topics: [
          {
            topic: SOURCE,
            partitions: [
              { partition: 0, offset: '5', metadata: '1-2' },
              { partition: 1, offset: '7', metadata: '1-2' },
            ],
          },
        ],
      },
    ]);
  });

  test('are one at a time: what moves meanwhile goes with the next one', async () => {
    const first = deferred<undefined>();
    const { committer, offsets } = committerWith((commit) => (commit === 1 ? first.promise : Promise.resolve()));
    const [a, b] = [laneAt(0, 5), laneAt(1, 7)];
    committer.moved(a.lane);
    await soon();
    a.offset = 6;
    committer.moved(a.lane);
    a.offset = 7;
    committer.moved(a.lane);
    committer.moved(b.lane);
    await pass(10_000);
    expect([offsets(), a.acknowledged]).toEqual([[['0@5']], 0]);
    first.resolve(undefined);
    await pass(10);
    await committer.flushed();
    expect(offsets()).toEqual([['0@5'], ['0@7', '1@7']]);
    expect([a.acknowledged, b.acknowledged]).toEqual([2, 1]);
  });

  test('are at least 5 ms apart, so that one carries the fronts of several lanes', async () => {
    const { committer, offsets } = committerWith();
    committer.moved(laneAt(0, 5).lane);
    await pass(0);
    committer.moved(laneAt(1, 6).lane);
    await pass(4);
    expect(offsets()).toEqual([['0@5']]);
    committer.moved(laneAt(2, 7).lane);
    await pass(1);
    expect(offsets()).toEqual([['0@5'], ['1@6', '2@7']]);
  });

  test.each([
    ['half of the time that the quicker record took', [{ tookMs: 60 }, { tookMs: 40 }], 20],
    ['a tenth of a second', [{ tookMs: 5_000 }], 100],
    ['5 ms, where a lane may start nothing more before', [{ tookMs: 60 }, { tookMs: 60, awaitsCommit: true }], 5],
  ])('are apart by at least %s', async (_, lanes, apartMs) => {
    const { committer, offsets } = committerWith();
    committer.moved(laneAt(0, 5).lane);
    await pass(0);
    lanes.forEach((lane, at) => committer.moved(laneAt(at, 6, SOURCE, lane).lane));
    await pass(apartMs - 1);
    expect(offsets()).toHaveLength(1);
    await pass(1);
    expect(offsets()).toHaveLength(2);
  });

  test('are hurried by a lane that comes to wait for one meanwhile', async () => {
    const { committer, offsets } = committerWith();
    committer.moved(laneAt(0, 5).lane);
    await pass(0);
    committer.moved(laneAt(0, 6, SOURCE, { tookMs: 200 }).lane);
    await pass(50);
    committer.moved(laneAt(1, 7, SOURCE, { tookMs: 200, awaitsCommit: true }).lane);
    await pass(5);
    expect(offsets()).toEqual([['0@5'], ['0@6', '1@7']]);
  });

  test('wait for no others when the epoch closes', async () => {
    const { committer, epoch, offsets } = committerWith();
    committer.moved(laneAt(0, 5).lane);
    await pass(0);
    epoch.close();
    committer.moved(laneAt(1, 6).lane);
    await pass(0);
    expect(offsets()).toEqual([['0@5'], ['1@6']]);
  });

  test('that failed are tried again a fifth of a second later, with what moved meanwhile, in the same epoch', async () => {
    const { committer, epoch, offsets, facts, lookups } = committerWith((commit) =>
      commit === 1 ? Promise.reject(new Error('down')) : Promise.resolve(),
    );
    const [a, b] = [laneAt(0, 5), laneAt(1, 6)];
    committer.moved(a.lane);
    await pass(0);
    committer.moved(b.lane);
    await pass(199);
    expect([offsets(), epoch.closing.aborted]).toEqual([[['0@5']], false]);
    await pass(1);
    expect([offsets(), a.acknowledged, b.acknowledged]).toEqual([[['0@5'], ['0@5', '1@6']], 1, 1]);
    expect(lookups.count, 'by the same coordinator').toBe(0);
    expect(facts).toMatchObject([{ kind: 'commit_failed', error: new Error('down') }, { kind: 'committed' }]);
    await committer.flushed();
  });

  test('are told to the lane only once the broker has taken them', async () => {
    const { committer } = committerWith(() => Promise.reject(new Error('down')));
    const a = laneAt(0, 5);
    committer.moved(a.lane);
    await pass(1_000);
    expect(a.acknowledged).toBe(0);
  });

  test('that failed are tried again with the front of then', async () => {
    const { committer, offsets, kinds } = committerWith((commit) =>
      commit === 1 ? Promise.reject(protocolError('REQUEST_TIMED_OUT')) : Promise.resolve(),
    );
    const a = laneAt(0, 5);
    committer.moved(a.lane);
    await soon();
    a.offset = 6;
    await pass(1_000);
    expect(offsets()).toEqual([['0@5'], ['0@6']]);
    expect(kinds()).toEqual(['commit_failed', 'committed']);
  });

  const unreachable = Object.assign(new Error('connect ECONNREFUSED'), { name: 'KafkaJSConnectionError' });
  test.each([
    ['has moved', protocolError('NOT_COORDINATOR_FOR_GROUP')],
    ['is not there', protocolError('GROUP_COORDINATOR_NOT_AVAILABLE')],
    ['cannot be reached', unreachable],
    ['cannot be reached after some tries', new Error('tried 5 times', { cause: unreachable })],
  ])('go to the new coordinator when the old one %s', async (_, error) => {
    const { committer, lookups, offsets } = committerWith((commit) =>
      commit === 1 ? Promise.reject(error) : Promise.resolve(),
    );
    committer.moved(laneAt(0, 5).lane);
    await pass(1_000);
    expect([lookups.count, offsets(), committer.isInDoubt]).toEqual([1, [['0@5'], ['0@5']], false]);
  });
});

describe('a commit that was given up may still be carried out', () => {
  const hungUp = Object.assign(new Error('no answer'), { name: 'KafkaJSConnectionError', code: GIVEN_UP });
  const late = Object.assign(new Error('timed out'), { name: 'KafkaJSRequestTimeoutError' });

  test.each([
    ['because nobody answered', hungUp],
    ['because its answer is late', late],
    ['after some tries', new Error('tried 5 times', { cause: late })],
  ])('%s: no other follows it, and where the coordinator answers again this member joins again', async (_, error) => {
    const { committer, wishes, epoch, offsets, kinds } = committerWith(() => Promise.reject(error));
    const lane = laneAt(0, 5);
    committer.moved(lane.lane);
    await pass(1_000);
    lane.offset = 6;
    committer.moved(lane.lane);
    committer.moved(laneAt(1, 3).lane);
    await pass(1_000);
    expect([offsets(), kinds()]).toEqual([[['0@5']], ['commit_failed']]);
    expect([committer.isInDoubt, wishes.joins], 'it may be a coordinator that is gone').toEqual([true, 0]);
    epoch.renew(instant());
    await pass(1_000);
    expect([committer.isInDoubt, wishes.joins > 0, epoch.closing.aborted]).toEqual([true, true, false]);
    epoch.close();
    await pass(1_000);
    await committer.flushed();
    expect(offsets(), 'what is left is committed in the next generation').toEqual([['0@5']]);
  });

  test('but not where another broker coordinates by then: the commit goes there, and nobody joins', async () => {
    const { committer, wishes, epoch, offsets, group } = committerWith((commit) =>
      commit === 1 ? Promise.reject(hungUp) : Promise.resolve(),
    );
    committer.moved(laneAt(0, 5).lane);
    await pass(1_000);
    expect([offsets(), committer.isInDoubt]).toEqual([[['0@5']], true]);
    group.coordinator = { ...group.coordinator, nodeId: 2 };
    epoch.renew(instant());
    await pass(1_000);
    expect([offsets(), committer.isInDoubt, wishes.joins]).toEqual([[['0@5'], ['0@5']], false, 0]);
  });

  test('one that the broker has refused, or hung up on, is not', async () => {
    const closed = Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' });
    const { committer, wishes, offsets } = committerWith((commit) =>
      commit === 1 ? Promise.reject(closed) : Promise.resolve(),
    );
    committer.moved(laneAt(0, 5).lane);
    await pass(1_000);
    expect([offsets(), committer.isInDoubt, wishes.joins]).toEqual([[['0@5'], ['0@5']], false, 0]);
  });
});

describe('an epoch that is over', () => {
  test.each(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'REBALANCE_IN_PROGRESS'])(
    'is ended by %s, and its offsets are never tried again',
    async (type) => {
      const { committer, epoch, commits } = committerWith(() => Promise.reject(protocolError(type)));
      const a = laneAt(0, 5);
      committer.moved(a.lane);
      await pass(10_000);
      expect([epoch.ended.aborted, commits.length, a.acknowledged]).toEqual([true, 1, 0]);
      await committer.flushed();
    },
  );

  test('sends nothing more, and flushing it ends', async () => {
    const { committer, epoch, commits } = committerWith();
    epoch.end();
    committer.moved(laneAt(0, 5).lane);
    await committer.flushed();
    expect(commits).toEqual([]);
  });

  test('that ended while the coordinator was looked up commits nothing', async () => {
    const found = deferred<undefined>();
    const { committer, epoch, commits, lookups } = committerWith(undefined, found.promise);
    committer.moved(laneAt(0, 5).lane);
    await soon();
    epoch.end();
    found.resolve(undefined);
    await committer.flushed();
    expect([lookups.count, commits]).toEqual([1, []]);
  });

  test('that is only closing still commits what has come to rest', async () => {
    const { committer, epoch, offsets } = committerWith();
    epoch.close();
    committer.moved(laneAt(0, 5).lane);
    await committer.flushed();
    expect(offsets()).toEqual([['0@5']]);
  });
});
