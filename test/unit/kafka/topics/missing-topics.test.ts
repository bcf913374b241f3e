import { expect, test } from 'vitest';
import { RejoinRequest } from '../../../../src/kafka/group/collaborators.ts';
import type { ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';
import { MissingTopics } from '../../../../src/kafka/topics/missing-topics.ts';
import { ReadTopics } from '../../../../src/kafka/topics/read-topics.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { AllParkedKeys } from '../../../../src/pipeline/all-parked-keys.ts';
import { Waits } from '../../../../src/pipeline/waits.ts';
import { pass, SOURCE, TOPOLOGY, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

const [RETRY = ''] = TOPOLOGY.retryTopics;
/** Of a delay that no member is configured with any more. */
const UNCONFIGURED = TOPOLOGY.retryTopic('7h');

/** A watch over the source and its retry topics; what is `gone` no broker knows, what is `remade` has no offsets. */
function watching(passExpired: () => Promise<string | undefined> = () => Promise.resolve(undefined)) {
  const [gone, remade, unheardOf] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const [suspects, waits] = [new Map<string, () => void>(), new Waits()];
  const [facts, fatal, done]: [Fact[], string[], string[]] = [[], [], []];
  const coordinator = { isDown: false };
  /** What refreshing the metadata comes to, each time one of these. */
  const refreshes: (() => Promise<void>)[] = [];
  const lanes = [{ partition: 0, next: 5 }];
  const parkedKeys = new AllParkedKeys();
  const rejoin = new RejoinRequest();
  const cluster = {
    targetTopics: new Set<string>(),
    refreshMetadata: () => refreshes.shift()?.() ?? Promise.resolve(),
    brokerPool: {
      findConnectedBroker: () =>
        Promise.resolve({
          metadata: ([topic = '']: readonly string[]) =>
            gone.has(topic)
              ? Promise.reject(Object.assign(new Error('unknown'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' }))
              : Promise.resolve(),
          connectionPool: { send: () => Promise.resolve({ topics: [] }) },
        }),
    },
    findTopicPartitionMetadata: (topic: string) => (unheardOf.has(topic) ? [] : [{ partitionId: 0, leader: 1 }]),
    addMultipleTargetTopics: ([topic = '']: readonly string[]) => Promise.resolve(void unheardOf.delete(topic)),
    findGroupCoordinator: () =>
      coordinator.isDown
        ? Promise.reject(new Error('no coordinator'))
        : Promise.resolve({
            offsetFetch: ({ topics }: { topics: { topic: string; partitions: { partition: number }[] }[] }) =>
              Promise.resolve({
                responses: topics.map(({ topic, partitions }) => ({
                  topic,
                  partitions: partitions.map(({ partition }) => ({
                    partition,
                    offset: remade.has(topic) ? '-1' : '5',
                  })),
                })),
              }),
          }),
  };
  const group = {
    groupId: 'g',
    cluster,
    assigned: () => [SOURCE, RETRY].map((topic) => ({ topic, partitions: [0] })),
  } as unknown as ConsumerGroup;
  const missing = new MissingTopics({
    topics: new ReadTopics({ topology: TOPOLOGY, read: [SOURCE, ...TOPOLOGY.retryTopics, UNCONFIGURED] }),
    parkedKeys,
    observe: (fact) => facts.push(fact),
    groupId: 'g',
    lanes: {
      positions: () => lanes,
      standStill: (topic) => done.push(`stand still ${topic}`),
      goOn: (topic) => done.push(`go on ${topic}`),
      passExpired,
    },
    suspects,
    waits,
    rejoin,
    fatal: ({ message }) => fatal.push(message),
  });
  const look = async (): Promise<void> => {
    const looked = missing.look(group.cluster);
    await Promise.all([looked, pass(2_000)]);
  };
  return {
    missing,
    parkedKeys,
    lanes,
    done,
    group,
    cluster,
    look,
    gone,
    remade,
    unheardOf,
    refreshes,
    suspects,
    rejoin,
    facts,
    fatal,
    coordinator,
    waits,
  };
}

test('a topic that is gone is told and left out, and its lanes stand; unchanged, they go on where they stand, without a join', async () => {
  const { missing, done, cluster, look, gone, suspects, rejoin, facts, waits } = watching();
  gone.add(RETRY);
  await look();
  expect(missing.names).toEqual([RETRY]);
  expect([cluster.targetTopics.has(RETRY), cluster.targetTopics.has(SOURCE)]).toEqual([false, true]);
  expect([suspects.has(RETRY), rejoin.isPending, done]).toEqual([true, false, [`stand still ${RETRY}`]]);
  expect(waits.of({ topic: RETRY, partition: 0 })?.reason).toBe('topic_missing');
  gone.clear();
  await look();
  expect([missing.names, suspects.size, rejoin.isPending]).toEqual([[], 0, false]);
  expect(done).toEqual([`stand still ${RETRY}`, `go on ${RETRY}`]);
  expect(facts).toEqual([
    { kind: 'topics_missing', topics: [{ topic: RETRY, role: 'retry' }] },
    { kind: 'topics_missing', topics: [] },
  ]);
});

test('a topic that is there again without its offsets is another one: its lanes stand until the next assignment', async () => {
  const { missing, done, group, look, gone, remade, suspects, rejoin, waits } = watching();
  gone.add(RETRY);
  await look();
  gone.clear();
  remade.add(RETRY);
  await look();
  expect([missing.names, suspects.has(RETRY), rejoin.isPending]).toEqual([[], true, true]);
  expect(done).toEqual([`stand still ${RETRY}`]);
  expect(await missing.admit(group)).toEqual(new Map([[`${SOURCE}:0`, { offset: 5, metadata: '' }]]));
  expect(suspects.size).toBe(0);
  expect(waits.of({ topic: RETRY, partition: 0 })).toBeUndefined();
});

test('a topic that came back is joined for also where one broker has heard of it and the next one has not', async () => {
  const { missing, look, gone, remade, rejoin, refreshes, facts } = watching();
  gone.add(RETRY);
  await look();
  gone.clear();
  remade.add(RETRY);
  refreshes.push(() => Promise.reject(new Error('this server does not host this topic')));
  await expect(look()).rejects.toThrow('this topic');
  expect([missing.names, rejoin.isPending]).toEqual([[RETRY], false]);
  await look();
  expect([missing.names, rejoin.isPending]).toEqual([[], true]);
  expect(facts.at(-1)).toEqual({ kind: 'topics_missing', topics: [] });
});

test('a topic that came back is joined for also where nobody can say yet whether others were made anew', async () => {
  const { missing, group, look, gone, rejoin, coordinator } = watching();
  gone.add(RETRY);
  await look();
  gone.clear();
  coordinator.isDown = true;
  const looked = expect(missing.unknownTopic(group)).rejects.toThrow('no coordinator');
  await pass(2_000);
  await looked;
  expect(rejoin.isPending).toBe(true);
});

test('nothing begins where a topic has come back while this member waited to be let in: who let go may have parked there', async () => {
  const { missing, group, unheardOf, rejoin } = watching();
  unheardOf.add(RETRY);
  expect([await missing.admit(group), rejoin.isPending]).toEqual([undefined, true]);
  rejoin.fulfil();
  expect([(await missing.admit(group))?.size, rejoin.isPending]).toEqual([2, false]);
});

test('a topic made anew so quickly that nobody saw it missing is told by the offsets that went with it', async () => {
  const { missing, group, suspects, rejoin, remade } = watching();
  await missing.unknownTopic(group);
  expect(rejoin.isPending).toBe(false);
  remade.add(RETRY);
  await missing.unknownTopic(group);
  expect([rejoin.isPending, [...suspects.keys()]]).toEqual([true, [RETRY]]);
});

test('what was parked in a topic made anew while this member reached nobody is lost at the next assignment', async () => {
  const { missing, parkedKeys, group, remade, facts } = watching();
  const [tier, parked] = [TOPOLOGY.tierOf(RETRY), parkedKeys.of(0)];
  parked.join({ key: 'K', origin: 3, redrives: 0, hops: 1, tier, offset: 4, notBefore: 0 });
  parked.readTo(tier, 5);
  await missing.admit(group);
  expect([parked.turnOfSource('K', 9).kind, facts]).toEqual(['behind', []]);
  remade.add(RETRY);
  expect(await missing.admit(group)).toBeDefined();
  expect([parked.turnOfSource('K', 9).kind, parked.startAt(tier, 0)]).toEqual(['send', 0]);
  missing.begun();
  missing.begun();
  expect(facts).toEqual([{ kind: 'parked_lost', topic: RETRY, origins: [{ topic: SOURCE, partition: 0, offset: 3 }] }]);
});

test('what was parked in a topic made anew as soon as it was there is not told to be lost: it is read there', async () => {
  const { missing, parkedKeys, group, remade, facts } = watching();
  const [tier, parked] = [TOPOLOGY.tierOf(RETRY), parkedKeys.of(0)];
  const copy = (origin: number, offset: number) => ({
    ...{ key: 'K', origin, redrives: 0, hops: 1, tier, offset, notBefore: 0 },
  });
  for (const one of [copy(3, 40), copy(5, 0)]) parked.written(one);
  remade.add(RETRY);
  await missing.admit(group);
  expect(parked.size).toBe(0);
  parked.join(copy(5, 0));
  missing.begun();
  expect(facts).toEqual([{ kind: 'parked_lost', topic: RETRY, origins: [{ topic: SOURCE, partition: 0, offset: 3 }] }]);
});

test.each([
  { when: 'its lane ends with what it had read', join: true },
  { when: 'it has no lane', join: false },
])('what was parked in a topic that is gone for good keeps no key waiting when $when', async ({ join }) => {
  const { missing, parkedKeys, lanes, group, look, gone, facts, suspects, waits } = watching();
  const copy = { key: 'k', origin: 7, redrives: 0, hops: 1, tier: '7h', offset: 2, notBefore: 0 };
  parkedKeys.of(0).join(copy);
  if (!join) lanes.length = 0;
  gone.add(UNCONFIGURED);
  await look();
  expect(parkedKeys.of(0).turnOfSource('k', 8).kind).toBe(join ? 'behind' : 'send');
  expect([suspects.has(UNCONFIGURED), waits.of({ topic: UNCONFIGURED, partition: 0 })?.reason]).toEqual([
    true,
    'topic_missing',
  ]);
  lanes.length = 0;
  await missing.admit(group);
  expect([suspects.size, waits.of({ topic: UNCONFIGURED, partition: 0 })]).toEqual([0, undefined]);
  expect(parkedKeys.of(0).turnOfSource('k', 8)).toEqual({ kind: 'send' });
  expect(facts.filter(({ kind }) => kind === 'parked_lost')).toEqual([
    { kind: 'parked_lost', topic: UNCONFIGURED, origins: [{ topic: SOURCE, partition: 0, offset: 7 }] },
  ]);
});

test('a source made anew ends the service: its offsets name other events than those that are parked', async () => {
  const { missing, group, look, gone, remade, fatal, suspects } = watching();
  gone.add(SOURCE);
  await look();
  gone.clear();
  remade.add(SOURCE);
  expect(await missing.admit(group)).toBeUndefined();
  expect(fatal).toEqual([expect.stringContaining(`${SOURCE} was deleted and made anew`)]);
  expect(suspects.has(SOURCE)).toBe(true);
});

test('an offset past the end ends the service, unless its topic was made anew', async () => {
  const problem = () => Promise.resolve('the topic ends before it');
  const anew = watching(problem);
  anew.remade.add(RETRY);
  await anew.missing.outOfRange(anew.group, RETRY, 0);
  expect([anew.rejoin.isPending, anew.fatal]).toEqual([true, []]);
  const cut = watching(problem);
  await cut.missing.outOfRange(cut.group, RETRY, 0);
  expect([cut.rejoin.isPending, cut.fatal]).toEqual([false, ['the topic ends before it']]);
  const expired = watching();
  await expired.missing.outOfRange(expired.group, RETRY, 0);
  expect([expired.rejoin.isPending, expired.fatal]).toEqual([false, []]);
});
