import { describe, expect, test, vi } from 'vitest';
import { RejoinRequest, type KnownOffsets, type Work } from '../../../../src/kafka/group/collaborators.ts';
import type { Epoch } from '../../../../src/kafka/group/epoch.ts';
import { Membership } from '../../../../src/kafka/group/membership.ts';
import type { ConsumerGroup, FetchedBatch, KafkaError } from '../../../../src/kafka/kafkajs/types.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { deferred, pass, soon, useVirtualTime } from '../../../support/fixtures.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
useVirtualTime(NOW);

const SESSION_MS = 30_000;
const BATCH = { topic: 'pf', partition: 0 } as unknown as FetchedBatch;

/** A member of generation 7 whose brokers and lanes answer as the test says; `story` is what happened, in order. */
function memberWith({
  open = () => Promise.resolve(),
  drain = () => Promise.resolve(true),
  known = new Map(),
}: Partial<Work> & { readonly known?: KnownOffsets | 'nothing may begin' } = {}) {
  const story: string[] = [];
  const facts: Fact[] = [];
  const epochs: Epoch[] = [];
  /** When work had begun: after so much of the story. */
  const begins: number[] = [];
  const brokers = { heartbeat: () => Promise.resolve(), leave: () => Promise.resolve() };
  const rejoin = new RejoinRequest();
  const told = (what: string) => Promise.resolve(void story.push(what));
  const membership = new Membership(
    { sessionTimeoutMs: SESSION_MS, barrierMs: 10_000, lastCallMs: 8_000 },
    {
      open: async (group, epoch, offsets) => {
        story.push('open');
        epochs.push(epoch);
        await open(group, epoch, offsets);
      },
      isInDoubt: false,
      take: (_group, { topic }) => story.push(`take ${topic}`),
      drain: () => {
        story.push('drain');
        return drain();
      },
      closed: () => story.push(`closed, ended: ${epochs.at(-1)?.ended.aborted}`),
    },
    {
      listAnew: () => told('list topics'),
      admit: () => Promise.resolve(known === 'nothing may begin' ? undefined : known),
      begun: () => void begins.push(story.length),
      mayWait: () => false,
      look: () => told('look'),
      unknownTopic: () => told('unknown topic'),
      outOfRange: (_group, topic, partition) => told(`out of range ${topic}:${partition}`),
    },
    rejoin,
    (fact) => facts.push(fact),
  );
  const group = {
    ...{ groupId: 'group', memberId: 'm' as string | null, generationId: 7, lastRequest: 0 },
    coordinator: {
      heartbeat: () => {
        story.push('heartbeat');
        return brokers.heartbeat();
      },
      connectionPool: { getConnection: () => Promise.resolve('free') },
      leaveGroup: () => {
        story.push('leave group');
        return brokers.leave();
      },
    },
    cluster: { refreshMetadata: () => told('refresh') },
    joinAndSync: () => join(),
  };
  const own = group as unknown as ConsumerGroup;
  const join = (inner: () => Promise<void> = () => told('join')) => membership.join(own, inner);
  const fetch = (inner: () => Promise<FetchedBatch[]> = () => Promise.resolve([BATCH])) => membership.fetch(own, inner);
  const leave = () => membership.leave(own, () => told(`leave ${membership.state}`));
  const since = (place: number): string[] => story.slice(place);
  return { membership, story, begins, facts, epochs, brokers, rejoin, group, own, join, fetch, leave, since };
}

/** What a promise has come to so far. */
function watched(promise: Promise<unknown>): { end: string } {
  const seen = { end: 'none yet' };
  promise.then(
    (value) => (seen.end = value === undefined ? 'done' : JSON.stringify(value)),
    (error: unknown) => (seen.end = String(error)),
  );
  return seen;
}

describe('a join', () => {
  test('is one, whoever asks for it meanwhile, and is done for all of them when there are lanes', async () => {
    const opened = deferred<undefined>();
    const { join, story, membership } = memberWith({ open: () => opened.promise });
    const joins = [watched(join()), watched(join())];
    await soon();
    expect(story).toEqual(['list topics', 'join', 'heartbeat', 'open']);
    expect(joins.map(({ end }) => end)).toEqual(['none yet', 'none yet']);
    opened.resolve(undefined);
    await soon();
    expect(joins.map(({ end }) => end)).toEqual(['done', 'done']);
    expect(membership.state).toBe('serving');
  });

  test('that is over is followed by another one', async () => {
    const { join, story } = memberWith();
    await join();
    await join();
    expect(story.filter((what) => what === 'join')).toHaveLength(2);
  });

  test('of a member that serves waits until what is in flight is settled, and opens lanes for the next generation', async () => {
    const drained = deferred<boolean>();
    const { join, epochs, group, membership, since, facts } = memberWith({ drain: () => drained.promise });
    await join();
    group.generationId = 8;
    void join();
    await soon();
    expect(since(4)).toEqual(['drain']);
    expect([epochs[0]?.closing.aborted, epochs[0]?.ended.aborted, membership.state]).toEqual([true, false, 'closing']);
    await pass(700);
    drained.resolve(true);
    await soon();
    expect(since(4)).toEqual(['drain', 'closed, ended: true', 'list topics', 'join', 'heartbeat', 'open']);
    expect([epochs.map(({ generation }) => generation), membership.generation]).toEqual([[7, 8], 8]);
    expect(facts).toEqual([{ kind: 'left', clean: true, drainedMs: 700 }]);
  });

  test('opens no lanes where the topics do not allow it', async () => {
    const { join, story, begins, membership } = memberWith({ known: 'nothing may begin' });
    await join();
    expect([story, begins, membership.state]).toEqual([['list topics', 'join', 'heartbeat'], [], 'serving']);
  });

  test('lets whoever watches the topics know when there are lanes', async () => {
    const opened = deferred<undefined>();
    const { join, begins } = memberWith({ open: () => opened.promise });
    const joined = join();
    await soon();
    expect(begins).toEqual([]);
    opened.resolve(undefined);
    await joined;
    expect(begins).toEqual([4]);
  });

  test('opens them where the group is known to stand, and nobody asks for that again', async () => {
    const known = new Map([['pf:0', { offset: 5, metadata: '' }]]);
    const opened: KnownOffsets[] = [];
    const { join } = memberWith({ known, open: (_group, _epoch, at) => Promise.resolve(void opened.push(at)) });
    await join();
    expect(opened).toEqual([known]);
  });

  test('for which a topic is missing looks for it before it tries again', async () => {
    let tries = 0;
    const unknown = Object.assign(new Error('gone'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    const { join, story } = memberWith({
      open: () => ((tries += 1) < 2 ? Promise.reject(unknown) : Promise.resolve()),
    });
    void join();
    await pass(1_000);
    expect(story).toEqual(['list topics', 'join', 'heartbeat', 'open', 'look', 'heartbeat', 'open']);
  });

  test('that fails leaves the member outside and in no generation, and the next one tries anew', async () => {
    const { join, membership } = memberWith();
    await expect(join(() => Promise.reject(new Error('no broker')))).rejects.toThrow('no broker');
    expect([membership.state, membership.generation, membership.view]).toMatchObject([
      'outside',
      -1,
      { id: null, generation: null, since: NOW },
    ]);
    await join();
    expect(membership.view).toEqual({ id: 'm', generation: 7, state: 'serving', since: NOW });
  });
});

describe('a fetch', () => {
  test('gives its records to the lanes, and kafkajs none; a broker was polled then', async () => {
    const { join, fetch, since, membership } = memberWith();
    await join();
    await pass(5_000);
    const before = membership.lastContact;
    expect(await fetch()).toEqual([]);
    expect(since(4).filter((what) => what !== 'heartbeat')).toEqual(['take pf']);
    expect([membership.lastPoll?.wall, membership.lastContact?.wall]).toEqual([NOW + 5_000, NOW + 5_000]);
    expect(before?.wall).toBe(NOW + 3_000);
  });

  test('waits for a join that is under way', async () => {
    const opened = deferred<undefined>();
    const { join, fetch, story } = memberWith({ open: () => opened.promise });
    void join();
    await soon();
    const fetching = watched(fetch());
    await soon();
    expect([fetching.end, story.includes('take pf')]).toEqual(['none yet', false]);
    opened.resolve(undefined);
    await soon();
    expect([fetching.end, story.includes('take pf')]).toEqual(['[]', true]);
  });

  test.each(['join', 'leave'] as const)(
    'that is answered while a %s waits for its lanes gives them nothing',
    async (what) => {
      const drained = deferred<boolean>();
      const answer = deferred<FetchedBatch[]>();
      const member = memberWith({ drain: () => drained.promise });
      await member.join();
      const fetching = watched(member.fetch(() => answer.promise));
      await soon();
      void member[what]();
      await soon();
      answer.resolve([BATCH]);
      await soon();
      expect([fetching.end, member.since(4)]).toEqual(['[]', ['drain']]);
      drained.resolve(true);
      await soon();
      expect(member.story).not.toContain('take pf');
    },
  );

  test('that is answered when the member is outside gives nothing to anybody', async () => {
    const answer = deferred<FetchedBatch[]>();
    const { join, fetch, leave, story } = memberWith();
    await join();
    const fetching = watched(fetch(() => answer.promise));
    await soon();
    await leave();
    answer.resolve([BATCH]);
    await soon();
    expect([fetching.end, story.includes('take pf')]).toEqual(['[]', false]);
  });

  test('of a member that is outside joins in its place, after a quarter of a second', async () => {
    const { fetch, story } = memberWith();
    const fetching = watched(fetch());
    await pass(249);
    expect([fetching.end, story]).toEqual(['none yet', []]);
    await pass(1);
    expect([fetching.end, story]).toEqual(['[]', ['list topics', 'join', 'heartbeat', 'open']]);
  });

  test('joins in its place where that was asked for, once', async () => {
    const { join, fetch, rejoin, since } = memberWith();
    await join();
    rejoin.ask();
    const fetches = [watched(fetch()), watched(fetch())];
    await pass(250);
    expect(fetches.map(({ end }) => end)).toEqual(['[]', '[]']);
    expect(since(4).filter((what) => ['join', 'take pf'].includes(what))).toEqual(['join']);
    expect(rejoin.isPending).toBe(false);
  });

  test('for an offset that its broker does not have is mended by whoever watches the topics', async () => {
    const { join, since, membership, own } = memberWith();
    await join();
    const name = 'KafkaJSOffsetOutOfRange';
    const error = Object.assign(new Error('range'), { name, topic: 'pf', partition: 3 }) as unknown as KafkaError;
    const recovering = membership.recover(own, error, () => Promise.resolve());
    await pass(250);
    await recovering;
    expect(since(4)).toEqual(['out of range pf:3']);
  });
});

describe('heartbeats', () => {
  test('go out ten a session while the member serves and while it closes, and not when it is outside', async () => {
    const drained = deferred<boolean>();
    const { join, leave, story, epochs } = memberWith({ drain: () => drained.promise });
    const count = () => story.filter((what) => what === 'heartbeat').length;
    await join();
    await pass(6_000);
    expect(count()).toBe(1 + 2);
    void leave();
    await pass(6_000);
    expect(count()).toBe(1 + 4);
    drained.resolve(true);
    await pass(60_000);
    expect(count()).toBe(1 + 4);
    expect([epochs[0]?.ended.aborted, vi.getTimerCount()]).toEqual([true, 0]);
  });

  test('that are not answered for a session let nothing more be sent', async () => {
    const { join, epochs, brokers } = memberWith();
    await join();
    brokers.heartbeat = () => new Promise(() => undefined);
    await pass(SESSION_MS - 1);
    expect(() => epochs[0]?.assertHeld(true)).not.toThrow();
    await pass(1);
    expect(() => epochs[0]?.assertHeld(true)).toThrow();
  });
});

describe('a leave', () => {
  test('comes after all that was in flight, with nothing held any more', async () => {
    const { join, leave, since, membership } = memberWith();
    await join();
    await pass(1_000);
    await leave();
    expect(since(4)).toEqual(['drain', 'closed, ended: true', 'leave outside']);
    expect(membership.view).toEqual({ id: null, generation: null, state: 'outside', since: NOW + 1_000 });
  });

  test('is not clean where the generation was over before all was settled', async () => {
    const { join, leave, epochs, facts, membership } = memberWith({
      drain: () => {
        epochs[0]?.end();
        return Promise.resolve(true);
      },
    });
    await join();
    await leave();
    expect([facts, membership.drained]).toMatchObject([[{ kind: 'left', clean: false }], false]);
  });

  test('beside a join, which has closed the same epoch and goes on, does not take that member out of it', async () => {
    const drains = [deferred<boolean>(), deferred<boolean>()];
    const open = [...drains];
    const { join, leave, membership } = memberWith({ drain: () => open.shift()?.promise ?? Promise.resolve(true) });
    await join();
    void join(() => new Promise(() => undefined));
    void leave();
    await soon();
    drains[0]?.resolve(true);
    await soon();
    expect(membership.state).toBe('joining');
    drains[1]?.resolve(true);
    await soon();
    expect(membership.state).toBe('joining');
  });

  test('of a member that is outside has nothing to wait for', async () => {
    const { leave, story, facts } = memberWith();
    await leave();
    expect([story, facts]).toEqual([['leave outside'], []]);
  });
});

describe('a stop', () => {
  test('lets nothing be fetched and nobody join any more', async () => {
    const { join, fetch, membership, since } = memberWith();
    await join();
    expect([membership.stopping, membership.drained, await membership.stop()]).toEqual([false, true, false]);
    expect(membership.stopping).toBe(true);
    const fetching = watched(fetch());
    await pass(250);
    expect(fetching.end).toBe('[]');
    await expect(join()).rejects.toThrow('stopping');
    expect(since(4)).toEqual([]);
  });

  test('while lanes are made closes their epoch and waits until that is known', async () => {
    const opened = deferred<undefined>();
    const { join, membership, epochs } = memberWith({ open: () => opened.promise });
    const joining = watched(join());
    await soon();
    const stopping = watched(membership.stop());
    await soon();
    expect([epochs[0]?.closing.aborted, stopping.end]).toEqual([true, 'none yet']);
    opened.reject(new Error('no answer'));
    await pass(1_000);
    expect([joining.end, stopping.end, membership.state]).toEqual(['done', 'false', 'outside']);
  });

  test('before the coordinator has given an id waits for its answer, and leaves nobody behind', async () => {
    const answer = deferred<undefined>();
    const { join, membership, group, story } = memberWith();
    group.memberId = null;
    join(() => answer.promise).catch(() => undefined);
    await soon();
    const stopping = watched(membership.stop());
    await pass(1_000);
    expect(stopping.end).toBe('none yet');
    answer.reject(new Error('stopping'));
    await soon();
    expect([stopping.end, story.includes('leave group')]).toEqual(['true', false]);
  });

  test('while a join waits for others leaves the group, and is not held up by a coordinator that says nothing', async () => {
    const { join, membership, brokers, since, facts } = memberWith();
    brokers.leave = () => new Promise(() => undefined);
    const joining = watched(join(() => new Promise(() => undefined)));
    await soon();
    const stopping = watched(membership.stop());
    await pass(1_999);
    expect([stopping.end, since(1)]).toEqual(['none yet', ['leave group']]);
    await pass(1);
    expect([stopping.end, joining.end]).toEqual(['true', 'none yet']);
    expect(facts).toMatchObject([{ kind: 'not_left', error: new Error('no answer') }]);
  });
});
