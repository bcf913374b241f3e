import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { RejoinRequest, type Work } from '../../../../src/kafka/group/collaborators.ts';
import type { Epoch } from '../../../../src/kafka/group/epoch.ts';
import { Membership } from '../../../../src/kafka/group/membership.ts';
import { kafkajs } from '../../../../src/kafka/kafkajs/patched.ts';
import type { ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { deferred } from '../../../support/fixtures.ts';
import { until } from '../../../support/until.ts';

/** A membership whose lanes open and drain as told, and what it asked of the brokers and told. */
function membershipWith({
  open = () => Promise.resolve(),
  drain = () => Promise.resolve(true),
  isInDoubt = false,
}: Partial<Work> = {}) {
  const asked: string[] = [];
  const facts: Fact[] = [];
  const rejoin = new RejoinRequest();
  const membership = new Membership(
    { sessionTimeoutMs: 30_000, barrierMs: 1_000, lastCallMs: 500 },
    { open, drain, isInDoubt, take: () => undefined, closed: () => undefined },
    {
      listAnew: () => Promise.resolve(),
      admit: () => Promise.resolve(new Map()),
      begun: () => undefined,
      mayWait: () => false,
      look: () => Promise.resolve(void asked.push('look')),
      unknownTopic: () => Promise.resolve(void asked.push('unknown topic')),
      outOfRange: () => Promise.resolve(),
    },
    rejoin,
    (fact) => {
      facts.push(fact);
      if (fact.kind !== 'left') asked.push(fact.kind);
    },
  );
  /** A group as kafkajs makes one anew after each crash; the coordinator gives `id` to whoever comes without one. */
  const join = async (id: string, outcome: 'joins' | 'crashes' = 'joins'): Promise<ConsumerGroup> => {
    const group = {
      groupId: 'group',
      memberId: null as string | null,
      generationId: 1,
      coordinator: { heartbeat: () => Promise.resolve() },
      cluster: { refreshMetadata: () => Promise.resolve(void asked.push('refresh')) },
      lastRequest: 0,
      joinAndSync: () => membership.join(group as unknown as ConsumerGroup, inner),
    };
    const inner = (): Promise<void> => {
      asked.push(`join as ${group.memberId ?? 'nobody'}`);
      group.memberId ??= id;
      return outcome === 'joins' ? Promise.resolve() : Promise.reject(new Error('the broker has gone'));
    };
    await membership.join(group as unknown as ConsumerGroup, inner).catch(() => undefined);
    return group as unknown as ConsumerGroup;
  };
  return { membership, asked, facts, rejoin, join };
}

test('after a crash the member joins under its old id, so that nobody waits for a member that is gone', async () => {
  const { membership, asked, join } = membershipWith();
  await join('first');
  await join('second', 'crashes');
  const group = await join('third');
  expect(asked).toEqual(['join as nobody', 'join as first', 'join as first']);
  await membership.leave(group, () => Promise.resolve());
});

test('an id that was given up is not used again', async () => {
  const { membership, asked, join } = membershipWith();
  const group = await join('first');
  await membership.leave(group, () => Promise.resolve());
  await membership.leave(await join('second'), () => Promise.resolve());
  expect(asked).toEqual(['join as nobody', 'join as nobody']);
});

test('an id that could not be given up is still ours', async () => {
  const { membership, asked, join } = membershipWith();
  const group = await join('first');
  await membership.leave(group, () => Promise.reject(new Error('no coordinator'))).catch(() => undefined);
  await membership.leave(await join('second'), () => Promise.resolve());
  expect(asked).toEqual(['join as nobody', 'join as first']);
});

test('where the brokers do not say where to begin, leaders are looked up before they are asked again', async () => {
  let tries = 0;
  const { membership, asked, join } = membershipWith({
    open: () => ((tries += 1) < 3 ? Promise.reject(new Error('not the leader')) : Promise.resolve()),
  });
  const group = await join('first');
  await until('the lanes to open', () => tries === 3);
  expect(asked).toEqual(['join as nobody', 'refresh', 'join_failed', 'refresh', 'join_failed']);
  expect(membership.state).toBe('serving');
  await membership.leave(group, () => Promise.resolve());
});

/** A coordinator that lets nobody in before somebody leaves; it takes a leave over the free connection alone. */
function waitingGroup(memberId: string | null, asked: string[]) {
  let end: (error: Error) => void = () => undefined;
  const joined = new Promise<never>((_, reject) => (end = reject));
  const pool = {
    getConnectionByRequest: () => Promise.resolve('the one that waits'),
    getConnection: (index: number) => Promise.resolve(`connection ${String(index)}`),
  };
  const coordinator = {
    connectionPool: pool,
    leaveGroup: async function (this: { connectionPool: typeof pool }, member: { memberId: string }) {
      asked.push(`leave as ${member.memberId} over ${await this.connectionPool.getConnectionByRequest()}`);
    },
  };
  const group = { groupId: 'group', memberId, coordinator } as unknown as ConsumerGroup;
  const inner = (): Promise<void> => {
    asked.push('join');
    return joined;
  };
  return { group, inner, end };
}

test('a stop while a join waits for others leaves over the free connection, and is not held up', async () => {
  const { membership, asked } = membershipWith();
  const { group, inner } = waitingGroup('given', asked);
  const joining = membership.join(group, inner);
  joining.catch(() => undefined);
  await until('it to ask', () => asked.length === 1);
  expect(await membership.stop()).toBe(true);
  expect(asked).toEqual(['join', 'leave as given over connection 1']);
  await expect(membership.join(group, inner)).rejects.toThrow('stopping');
});

test.each([
  { isInDoubt: true, joins: ['join as nobody', 'join as first'] },
  { isInDoubt: false, joins: ['join as nobody'] },
])('a stop joins once more only where a commit is in doubt ($isInDoubt)', async ({ isInDoubt, joins }) => {
  const { membership, asked, join } = membershipWith({ isInDoubt });
  const group = await join('first');
  expect(await membership.stop()).toBe(false);
  expect([asked, membership.stopping]).toEqual([joins, true]);
  await membership.leave(group, () => Promise.resolve());
});

test('a stop goes on where the join that would end a doubt fails', async () => {
  const { membership, asked, join } = membershipWith({ isInDoubt: true });
  const group = await join('first');
  group.joinAndSync = () => Promise.reject(new Error('no broker'));
  expect(await membership.stop()).toBe(false);
  expect([asked, membership.stopping]).toEqual([['join as nobody'], true]);
  await membership.leave(group, () => Promise.resolve());
});

test('however often it is asked to fetch while it stops, what it waits for gets its turn', async () => {
  const { membership, join } = membershipWith();
  const group = await join('first');
  await membership.stop();
  let hadItsTurn = false;
  setImmediate(() => (hadItsTurn = true));
  for (let fetches = 0; fetches < 3; fetches += 1) await membership.fetch(group, () => Promise.resolve([]));
  expect(hadItsTurn).toBe(true);
  await membership.leave(group, () => Promise.resolve());
});

test('a stop before the coordinator has given an id waits for the answer, and has nothing to leave', async () => {
  const { membership, asked } = membershipWith();
  const { group, inner, end } = waitingGroup(null, asked);
  membership.join(group, inner).catch(() => undefined);
  await until('it to ask', () => asked.length === 1);
  const stopped = membership.stop();
  end(new Error('stopping'));
  expect(await stopped).toBe(true);
  expect(asked).toEqual(['join']);
});

test('a group in foreign hands is asked until it lets this member in; any other failure is not asked again', async () => {
  const { membership, asked } = membershipWith();
  const refused = Object.assign(new Error('incompatible'), { type: 'INCONSISTENT_GROUP_PROTOCOL' });
  const fatal = Object.assign(new Error('not allowed'), { type: 'INVALID_SESSION_TIMEOUT' });
  const { group } = waitingGroup(null, asked);
  const failures = [refused, refused, fatal];
  const inner = (): Promise<void> => Promise.reject(failures.shift() ?? new Error('asked too often'));
  await expect(membership.join(group, inner)).rejects.toBe(fatal);
  expect(asked).toEqual(['join_refused', 'join_refused']);
});

test('a coordinator that is not found is looked for again, by a consumer that starts anew', async () => {
  const { membership } = membershipWith();
  const { group } = waitingGroup(null, []);
  const cause = Object.assign(new Error('not found'), { name: 'KafkaJSGroupCoordinatorNotFound' });
  const notFound = Object.assign(new kafkajs.KafkaJSNonRetriableError(cause), { cause });
  await expect(membership.join(group, () => Promise.reject(notFound))).rejects.toMatchObject({ retriable: true });
});

test('a member is outside, joins, serves, closes and is outside again, with its epoch closed before it leaves', async () => {
  const settled = deferred<boolean>();
  const { membership, facts, join } = membershipWith({ drain: () => settled.promise });
  expect(membership.state).toBe('outside');
  const group = await join('first');
  expect(membership.state).toBe('serving');
  const states: string[] = [];
  const left = membership.leave(group, () => Promise.resolve(void states.push(membership.state)));
  expect(membership.state).toBe('closing');
  settled.resolve(true);
  await left;
  expect(states).toEqual(['outside']);
  expect(facts).toMatchObject([{ kind: 'left', clean: true }]);
  expect([membership.drained, membership.generation]).toEqual([true, -1]);
});

test('a member that asks to be let in holds nothing, and is outside again where that fails', async () => {
  const { membership, asked } = membershipWith();
  const { group, inner, end } = waitingGroup('given', asked);
  const joining = membership.join(group, inner);
  await until('it to ask', () => asked.length === 1);
  expect(membership.state).toBe('joining');
  end(new Error('the broker has gone'));
  await expect(joining).rejects.toThrow('the broker has gone');
  expect(membership.state).toBe('outside');
});

test('what waits for its last call is drained by it: the end is clean', async () => {
  let epoch: Epoch | undefined;
  const { membership, facts, join } = membershipWith({
    open: (_, opened) => Promise.resolve(void (epoch = opened)),
    drain: async () => {
      await until('the last call', () => epoch?.lastCall.aborted);
      expect(epoch?.ended.aborted).toBe(false);
      return true;
    },
  });
  await membership.leave(await join('first'), () => Promise.resolve());
  expect(facts).toMatchObject([{ kind: 'left', clean: true }]);
});

test('a barrier whose time is over is no clean end, and the member joins all the same', async () => {
  const { membership, facts, join } = membershipWith({ drain: () => new Promise(() => undefined) });
  await join('first');
  const group = await join('second');
  expect(facts).toMatchObject([{ kind: 'left', clean: false }]);
  expect([membership.state, membership.drained]).toEqual(['serving', false]);
  await membership.leave(group, () => Promise.resolve());
});

test('what was given up with a request sent is no clean end', async () => {
  const { membership, facts, join } = membershipWith({ drain: () => Promise.resolve(false) });
  const group = await join('first');
  await membership.leave(group, () => Promise.resolve());
  expect([facts, membership.drained]).toMatchObject([[{ kind: 'left', clean: false }], false]);
});

test('a generation that is over before there were lanes leaves the member outside, and the next fetch joins', async () => {
  const over = Object.assign(new Error('over'), { type: 'ILLEGAL_GENERATION' });
  const { membership, rejoin } = membershipWith();
  const joins: number[] = [];
  const group = {
    groupId: 'group',
    memberId: 'm',
    generationId: 7,
    coordinator: { heartbeat: () => (joins.length > 1 ? Promise.resolve() : Promise.reject(over)) },
    cluster: { refreshMetadata: () => Promise.resolve() },
    lastRequest: 1,
    joinAndSync: () => membership.join(group as unknown as ConsumerGroup, () => Promise.resolve(void joins.push(1))),
  };
  await group.joinAndSync();
  expect(membership.state).toBe('outside');
  const fetch = () => membership.fetch(group as unknown as ConsumerGroup, () => Promise.resolve([]));
  expect(membership.lastPoll).toBeUndefined();
  await fetch();
  expect([membership.lastPoll, membership.lastContact], 'heartbeats are no polls').toEqual([
    undefined,
    expect.anything(),
  ]);
  expect([joins.length, membership.state]).toEqual([2, 'serving']);
  await fetch();
  expect(joins).toHaveLength(2);
  const { lastPoll } = membership;
  expect(lastPoll).toBeDefined();
  const failed = membership.fetch(group as unknown as ConsumerGroup, () => Promise.reject(new Error('no answer')));
  await expect(failed).rejects.toThrow('no answer');
  expect(membership.lastPoll).toBe(lastPoll);
  rejoin.ask();
  await fetch();
  expect([joins.length, rejoin.isPending]).toEqual([3, false]);
  await membership.leave(group as unknown as ConsumerGroup, () => Promise.resolve());
});

/** A group that its member asks to join by itself, and how often it did. */
function rejoining(membership: Membership, inner: () => Promise<void> = () => Promise.resolve()) {
  const joins = { count: 0 };
  const group = {
    groupId: 'group',
    memberId: 'm',
    generationId: 7,
    coordinator: { heartbeat: () => Promise.resolve() },
    cluster: { refreshMetadata: () => Promise.resolve() },
    lastRequest: 1,
    joinAndSync: () =>
      membership.join(group as unknown as ConsumerGroup, () => {
        joins.count += 1;
        return inner();
      }),
  };
  return { joins, group: group as unknown as ConsumerGroup };
}

test('one asked join is one join, however many brokers are fetched from', async () => {
  const { membership, rejoin } = membershipWith();
  const { joins, group } = rejoining(membership);
  await group.joinAndSync();
  rejoin.ask();
  const fetch = () => membership.fetch(group, () => Promise.resolve([]));
  const first = fetch();
  await sleep(100);
  await Promise.all([first, fetch()]);
  expect([joins.count, rejoin.isPending]).toEqual([2, false]);
  await membership.leave(group, () => Promise.resolve());
});

test('what is asked between two tries to join is fulfilled by the second one', async () => {
  const { membership, rejoin } = membershipWith();
  const refused = Object.assign(new Error('unknown'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
  const { joins, group } = rejoining(membership, () => {
    if (joins.count > 1) return Promise.resolve();
    rejoin.ask();
    return Promise.reject(refused);
  });
  await group.joinAndSync();
  expect([joins.count, rejoin.isPending]).toEqual([2, false]);
  await membership.leave(group, () => Promise.resolve());
});

test('a member that was thrown out is outside at once, before it joins again', async () => {
  const epochs: Epoch[] = [];
  const { membership, join } = membershipWith({ open: (_group, epoch) => Promise.resolve(void epochs.push(epoch)) });
  const group = await join('first');
  expect(membership.state).toBe('serving');
  epochs[0]?.end();
  expect(membership.state).toBe('outside');
  await membership.leave(group, () => Promise.resolve());
});
