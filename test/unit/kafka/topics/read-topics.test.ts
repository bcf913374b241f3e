import { describe, expect, test } from 'vitest';
import { RejoinRequest } from '../../../../src/kafka/group/collaborators.ts';
import type { ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';
import { Given } from '../../../../src/kafka/topics/given.ts';
import { ReadTopics } from '../../../../src/kafka/topics/read-topics.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { pass, SOURCE, TOPOLOGY, useVirtualTime } from '../../../support/fixtures.ts';

const CONFIGURED = [SOURCE, ...TOPOLOGY.retryTopics];
const OTHER = `${SOURCE}.retry.7m`;

useVirtualTime();

const UNKNOWN_TOPIC = { type: 'UNKNOWN_TOPIC_OR_PARTITION' };

/** A group in a cluster that says of its topics what the test does; its client knows the first partition of those in `known`. */
function groupOf(
  list: () => Promise<readonly { topic: string; error?: string }[]>,
  known: readonly string[] = CONFIGURED,
) {
  const targets: string[] = [];
  const send = async () => ({ brokers: [], topics: await list() });
  const metadata = async ([topic]: readonly string[]): Promise<void> => {
    if (!(await list()).some((one) => one.topic === topic)) throw Object.assign(new Error('unknown'), UNKNOWN_TOPIC);
  };
  const group = {
    topicsSubscribed: [] as string[],
    topicConfigurations: { [SOURCE]: { fromBeginning: false } } as Record<string, { fromBeginning: boolean }>,
    assigned: () => [{ topic: SOURCE, partitions: [0] }],
    cluster: {
      brokerPool: { findConnectedBroker: () => Promise.resolve({ connectionPool: { send }, metadata }) },
      findTopicPartitionMetadata: (topic: string) =>
        known.includes(topic) || targets.includes(topic) ? [{ partitionId: 0, leader: 1 }] : [],
      addMultipleTargetTopics: async (topics: string[]) => {
        await metadata(topics);
        targets.push(...topics);
      },
    },
  };
  return { group, targets, asGroup: group as unknown as ConsumerGroup };
}

test('a retry topic made by a member with other delays is subscribed to at the next join, and read from its start', async () => {
  const topics = new ReadTopics({ topology: TOPOLOGY, read: CONFIGURED });
  const there = [...CONFIGURED, OTHER, `${SOURCE}.retry.soon`, 'another'].map((topic) => ({ topic }));
  const { group, targets, asGroup } = groupOf(() => Promise.resolve(there));
  await topics.listAnew(asGroup);
  expect([topics.read, group.topicsSubscribed]).toEqual([
    [...CONFIGURED, OTHER],
    [...CONFIGURED, OTHER],
  ]);
  expect(targets).toEqual([OTHER]);
  expect(group.topicConfigurations).toMatchObject({
    [OTHER]: { fromBeginning: true },
    [SOURCE]: { fromBeginning: false },
  });
});

test('a topic that is being deleted is not listed, and one that was dropped is read again where it is made again', async () => {
  const topics = new ReadTopics({ topology: TOPOLOGY, read: [...CONFIGURED, OTHER] });
  topics.drop(OTHER);
  expect(topics.read).toEqual(CONFIGURED);
  await topics.listAnew(
    groupOf(() => Promise.resolve([{ topic: OTHER, error: 'UNKNOWN_TOPIC_OR_PARTITION' }])).asGroup,
  );
  expect(topics.read).toEqual(CONFIGURED);
  await topics.listAnew(groupOf(() => Promise.resolve([{ topic: OTHER, error: 'LEADER_NOT_AVAILABLE' }])).asGroup);
  expect(topics.read).toEqual([...CONFIGURED, OTHER]);
});

test('where no broker answers, what was known is subscribed to', async () => {
  const topics = new ReadTopics({ topology: TOPOLOGY, read: CONFIGURED });
  const { group, asGroup } = groupOf(() => Promise.reject(new Error('no broker')));
  await topics.listAnew(asGroup);
  expect(group.topicsSubscribed).toEqual(CONFIGURED);
});

describe('while a member waited to be let in', () => {
  const [RETRY = '', ...others] = CONFIGURED.slice(1);
  const there = (...topics: string[]) => topics.map((topic) => ({ topic }));
  const hasChanged = async (
    list: () => { topic: string }[],
    assigned: readonly { topic: string; partitions: number[] }[] = [{ topic: SOURCE, partitions: [0] }],
  ) => {
    const topics = new ReadTopics({ topology: TOPOLOGY, read: CONFIGURED });
    const { group, targets, asGroup } = groupOf(
      () => Promise.resolve(list()),
      CONFIGURED.filter((topic) => topic !== RETRY),
    );
    Object.assign(group, { assigned: () => assigned });
    const changed = topics.haveChanged(asGroup);
    await pass(1_000);
    return [await changed, targets];
  };

  test('a topic that came back is noticed and known, given or not: somebody may have parked there', async () => {
    const given = [SOURCE, RETRY].map((topic) => ({ topic, partitions: [0] }));
    expect(await hasChanged(() => there(...CONFIGURED), given)).toEqual([true, [RETRY]]);
    expect(await hasChanged(() => there(...CONFIGURED))).toEqual([true, [RETRY]]);
  });

  test('so is one that not every broker has heard of yet', async () => {
    let asked = 0;
    const late = () => there(SOURCE, ...others, ...((asked += 1) > 2 ? [RETRY] : []));
    expect(await hasChanged(late)).toEqual([true, [RETRY]]);
  });

  test('so is the retry topic of a delay that is not configured here', async () => {
    expect(await hasChanged(() => there(SOURCE, ...others, OTHER))).toEqual([true, [OTHER]]);
  });

  test('a topic or a partition that was given and that no broker has is noticed; one that is missing still is not', async () => {
    const list = () => there(SOURCE, ...others);
    expect(await hasChanged(list, [{ topic: RETRY, partitions: [0] }])).toEqual([true, []]);
    expect(await hasChanged(list, [{ topic: SOURCE, partitions: [0, 1] }])).toEqual([true, []]);
    expect(await hasChanged(list)).toEqual([false, []]);
  });
});

function given() {
  const facts: Fact[] = [];
  const topics = new ReadTopics({ topology: TOPOLOGY, read: CONFIGURED });
  const rejoin = new RejoinRequest();
  return { facts, topics, rejoin, given: new Given('g', topics, rejoin, (fact) => facts.push(fact)) };
}

test('a retry topic that the group gives and this member has not heard of is read from the next join on', () => {
  const { facts, topics, rejoin, given: it } = given();
  it.unread([OTHER], 4);
  expect([topics.read, rejoin.isPending, it.refusedIn, facts]).toEqual([[...CONFIGURED, OTHER], true, undefined, []]);
});

test('a member that is given another source is refused in that generation, and told both', () => {
  const { facts, rejoin, given: it } = given();
  it.unread(['another', 'another.retry.5s'], 4);
  expect([rejoin.isPending, it.refusedIn]).toEqual([false, 4]);
  expect(facts).toMatchObject([{ kind: 'join_refused', group: 'g', reason: 'other_source' }]);
  expect(facts.map((fact) => 'error' in fact && String(fact.error))).toEqual([
    `Error: the members of this group read another, and this one ${SOURCE}`,
  ]);
});
