import kafkajs, { type Assigner, type Cluster as PublicCluster } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { Topology } from '../../../../src/core/topology.ts';
import { coPartitioned, sourceOf, type MemberClaim, type TopicSet } from '../../../../src/kafka/group/assigner.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

const TOPICS: TopicSet = {
  topology: new Topology({ source: 'pf', tiers: [{ name: '5s' }] }),
  read: ['pf', 'pf.retry.5s', 'pf.retry.1h'],
};
const COUNTS: Record<string, number> = { pf: 4, 'pf.retry.5s': 4, 'pf.retry.1h': 4, 'pf.dead-letter': 4 };

/** The assigner of one member, in a cluster whose topics have so many partitions. */
function assigner(
  counts = COUNTS,
  owned: MemberClaim = { partitions: [], generation: -1 },
  topics: TopicSet = TOPICS,
): Assigner {
  const known = new Set([...topics.read, ...topics.topology.counterparts]);
  const cluster = {
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: known.has(topic) ? (counts[topic] ?? 0) : 0 }, (_, partitionId) => ({
        partitionId,
        leader: 1,
      })),
    addMultipleTargetTopics: ([topic = '']: string[]) => {
      if (counts[topic] === undefined) return Promise.reject(new Error('no such topic'));
      known.add(topic);
      return Promise.resolve();
    },
  };
  const create = coPartitioned(topics, () => owned);
  return create({ cluster: cluster as unknown as PublicCluster, groupId: 'g' } as Parameters<typeof create>[0]);
}

/** A member as it asks to join, with what it says of itself encoded as kafkajs does it. */
function asking(memberId: string, partitions: number[] = [], generation = 1, topics = TOPICS) {
  const { metadata } = assigner(COUNTS, { partitions, generation }, topics).protocol({ topics: [] });
  return { memberId, memberMetadata: metadata };
}

function saying(memberId: string, userData: Buffer) {
  return { memberId, memberMetadata: MemberMetadata.encode({ version: 1, topics: [...TOPICS.read], userData }) };
}

async function assigned(members: ReturnType<typeof asking>[], counts = COUNTS) {
  return decoded(await assigner(counts).assign({ members, topics: [...TOPICS.read] }));
}

function decoded(shares: Awaited<ReturnType<Assigner['assign']>>) {
  return Object.fromEntries(
    shares.map(({ memberId, memberAssignment }) => [memberId, MemberAssignment.decode(memberAssignment)?.assignment]),
  );
}

const everywhere = (...numbers: number[]) => ({ pf: numbers, 'pf.retry.5s': numbers, 'pf.retry.1h': numbers });

describe('through the encoding of the group protocol', () => {
  test('whoever owns a partition of the source owns its number in every retry topic', async () => {
    expect(await assigned([asking('a'), asking('b')])).toEqual({ a: everywhere(0, 2), b: everywhere(1, 3) });
  });

  test('members keep what they said they own', async () => {
    expect(await assigned([asking('a', [3, 1]), asking('b', [2, 0])])).toEqual({
      a: everywhere(1, 3),
      b: everywhere(0, 2),
    });
  });

  test('of two claims the later generation is right', async () => {
    expect(await assigned([asking('a', [0, 1], 3), asking('b', [0, 1], 4)])).toEqual({
      a: everywhere(2, 3),
      b: everywhere(0, 1),
    });
  });

  test('what a member owns is asked anew at each join', () => {
    const owned = { partitions: [1], generation: 1 };
    const own = assigner(COUNTS, owned);
    owned.partitions = [2, 3];
    owned.generation = 9;
    const { topics, userData } = MemberMetadata.decode(own.protocol({ topics: [] }).metadata) ?? {};
    expect(topics, 'what it reads, the source first').toEqual(TOPICS.read);
    const needs = ['pf.retry.5s', 'pf.dead-letter'];
    expect(JSON.parse(String(userData))).toEqual({ partitions: [2, 3], generation: 9, needs });
  });

  test('protocol and assignment go by one name, so that only members of this kind share a group', () => {
    const own = assigner();
    expect(own.protocol({ topics: ['pf'] }).name).toBe(own.name);
  });
});

describe('a member that says nothing readable owns nothing, and the group goes on', () => {
  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['broken JSON', '{"partitions":[0,'],
    ['null', 'null'],
    ['a number', '5'],
    ['an array', '[0,1]'],
    ['no partitions', '{}'],
    ['partitions that are null', '{"partitions":null,"generation":null}'],
    ['partitions that are a number', '{"partitions":5,"generation":9}'],
    ['partitions that are an object', '{"partitions":{"0":1},"generation":9}'],
    ['partitions that are text', '{"partitions":"0123","generation":9}'],
    ['partitions without a generation', '{"partitions":[0,1],"generation":"9"}'],
    ['partitions there are not', '{"partitions":[-1,99,0.5,"0",null],"generation":9}'],
  ])('%s', async (_, userData) => {
    expect(await assigned([asking('a', [0, 1]), saying('b', Buffer.from(userData))])).toEqual({
      a: everywhere(0, 1),
      b: everywhere(2, 3),
    });
  });

  test('bytes that are no text', async () => {
    const shares = await assigned([asking('a', [0, 1]), saying('b', Buffer.from([0xff, 0xfe, 0]))]);
    expect(shares['a']).toEqual(everywhere(0, 1));
  });

  test('metadata that is torn', async () => {
    const torn = { memberId: 'b', memberMetadata: Buffer.from([0]) };
    expect(await assigned([asking('a', [0, 1]), torn])).toEqual({ a: everywhere(0, 1), b: everywhere(2, 3) });
    expect(await assigned([torn]), 'and where nobody does, nobody is given anything').toEqual({ b: {} });
    expect([sourceOf(torn.memberMetadata), sourceOf(asking('a').memberMetadata)]).toEqual([undefined, 'pf']);
  });

  test('needs that are no names are none', async () => {
    const saidBy = (needs: unknown) =>
      saying('b', Buffer.from(JSON.stringify({ partitions: [], generation: 1, needs })));
    const limiting = { ...COUNTS, 'pf.retry.2m': 2 };
    for (const needs of [['pf.retry.2m', 5], 'pf.retry.2m', { 0: 'pf.retry.2m' }, null]) {
      expect((await assigned([asking('a'), saidBy(needs)], limiting))['a']).toEqual(everywhere(0, 2));
    }
    expect((await assigned([asking('a'), saidBy(['pf.retry.2m'])], limiting))['a']?.['pf']).toEqual([0]);
  });
});

describe('partitions without counterparts', () => {
  test('of the source are given to nobody', async () => {
    expect(await assigned([asking('a')], { ...COUNTS, pf: 6 })).toEqual({ a: everywhere(0, 1, 2, 3) });
    expect(await assigned([asking('a')], { ...COUNTS, 'pf.dead-letter': 2 })).toEqual({
      a: { pf: [0, 1], 'pf.retry.5s': [0, 1, 2, 3], 'pf.retry.1h': [0, 1, 2, 3] },
    });
  });

  test('of a retry topic that has more than the source are read all the same', async () => {
    expect(await assigned([asking('a')], { ...COUNTS, 'pf.retry.1h': 6 })).toEqual({
      a: { pf: [0, 1, 2, 3], 'pf.retry.5s': [0, 1, 2, 3], 'pf.retry.1h': [0, 1, 2, 3, 4, 5] },
    });
  });

  test('leave a member beyond the last number with an empty assignment', async () => {
    const counts = { pf: 1, 'pf.retry.5s': 1, 'pf.retry.1h': 1, 'pf.dead-letter': 1 };
    expect(await assigned([asking('a'), asking('b')], counts)).toEqual({ a: everywhere(0), b: {} });
  });
});

describe('members with other delays', () => {
  const LATER: TopicSet = {
    topology: new Topology({ source: 'pf', tiers: [{ name: '5s' }, { name: '2m' }] }),
    read: ['pf', 'pf.retry.5s', 'pf.retry.2m'],
  };
  const counts = { ...COUNTS, 'pf.retry.2m': 4 };

  test('have their retry topics shared out too, by a leader that does not know them, to all', async () => {
    const shares = await assigned([asking('a'), asking('b', [], 1, LATER)], counts);
    const [a, b] = [
      [0, 2],
      [1, 3],
    ].map((own) => ({ ...everywhere(...own), 'pf.retry.2m': own }));
    expect(shares).toEqual({ a, b });
  });

  test('limit the source to the partitions that all of them can park', async () => {
    const shares = await assigned([asking('a'), asking('b', [], 1, LATER)], { ...counts, 'pf.retry.2m': 2 });
    expect([shares['a']?.['pf'], shares['b']?.['pf']]).toEqual([[0], [1]]);
  });

  test('need no topic that is not there', async () => {
    const all = [0, 1, 2, 3];
    expect(await assigned([asking('a', [], 1, LATER)])).toEqual({ a: { pf: all, 'pf.retry.5s': all } });
  });

  test('are understood by a leader of the version before, and it by them: what is told there is what is owned', async () => {
    const before = saying('b', Buffer.from('{"partitions":[0,1],"generation":4}'));
    expect(await assigned([asking('a', [0, 1], 3), before])).toEqual({ a: everywhere(2, 3), b: everywhere(0, 1) });
    const { userData } = MemberMetadata.decode(asking('a', [2], 7).memberMetadata) ?? {};
    expect(JSON.parse(String(userData))).toMatchObject({ partitions: [2], generation: 7 });
  });
});

describe('a member with another source', () => {
  const OTHER: TopicSet = {
    topology: new Topology({ source: 'other', tiers: [{ name: '5s' }] }),
    read: ['other', 'other.retry.5s'],
  };
  const counts = { ...COUNTS, other: 2, 'other.retry.5s': 2, 'other.dead-letter': 2 };

  test('is given the source of those that serve, and no partition', async () => {
    expect(await assigned([asking('b', [0, 1, 2, 3], 5), asking('a', [], -1, OTHER)], counts)).toEqual({
      b: everywhere(0, 1, 2, 3),
      a: { pf: [] },
    });
  });

  test('changes nothing as the leader of those that serve', async () => {
    const leader = assigner(counts, undefined, OTHER);
    const members = [asking('b', [0, 1, 2, 3], 5), asking('a', [], -1, OTHER)];
    const shares = await leader.assign({ members, topics: [...OTHER.read] });
    expect(decoded(shares)).toEqual({ b: everywhere(0, 1, 2, 3), a: { pf: [] } });
  });

  test('of the version before is refused all the same', async () => {
    const old = {
      memberId: 'a',
      memberMetadata: MemberMetadata.encode({
        version: 1,
        topics: ['other'],
        userData: Buffer.from('{"partitions":[0],"generation":4}'),
      }),
    };
    expect((await assigned([asking('b', [0], 5), old], counts))['a']).toEqual({ pf: [] });
  });
});
