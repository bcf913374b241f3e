import { until } from '../../../support/until.ts';
import { javaHash } from '../../brokers/java-hash.ts';
import { INITIAL_DELAY_MS } from '../common-settings.ts';
import { METADATA, type Script, type Stage } from '../stage.ts';
import { alone, describe, pair, Player, rebalancing } from './groups.ts';
import { fetchRequest, listRequest, produceRequest } from './records.ts';

/** A topic of one partition on all brokers, led by the first. */
async function everywhere(stage: Stage): Promise<string> {
  return stage.makeTopic({ assignments: [stage.brokers.nodes] });
}

/** Another broker coordinates the script's group from now on, and has read what it has to. */
async function moveCoordinator(stage: Stage, key = stage.name): Promise<number> {
  const before = await stage.coordinatorOf();
  const after = stage.brokers.nodes.find((node) => node !== before) ?? before;
  await stage.brokers.moveLeader('__consumer_offsets', Math.abs(javaHash(key)) % 4, after);
  for (;;) if ((await stage.coordinatorOf()) === after) return after;
}

/** What the first members of an empty group see, whom their coordinator lets wait for others. */
export const FIRST_WAIT_SCRIPTS: Readonly<Record<string, Script>> = {
  'members that come together are in one generation': async (stage) => {
    const [first, second] = [await Player.invited(stage, 'first'), await Player.invited(stage, 'second')];
    const startedAt = Date.now();
    const both = await Promise.all([first.join(), second.join()]);
    stage.note(
      'one generation',
      both.map(({ errorCode, generationId }) => ({ errorCode, generationId })),
    );
    stage.note('they waited', Date.now() - startedAt >= INITIAL_DELAY_MS);
    for (const member of [first, second]) await member.leave();
    await describe(stage, 'empty');
    const third = await Player.invited(stage, 'third');
    const again = Date.now();
    stage.note('another one', await third.join());
    stage.note('it waited', Date.now() - again >= INITIAL_DELAY_MS);
  },

  'who comes while others wait makes them wait longer': async (stage) => {
    const [first, second] = [await Player.invited(stage, 'first'), await Player.invited(stage, 'second')];
    const startedAt = Date.now();
    const joining = first.join();
    await new Promise((go) => setTimeout(go, INITIAL_DELAY_MS / 2));
    const both = await Promise.all([joining, second.join()]);
    stage.note(
      'one generation',
      both.map(({ errorCode, generationId }) => ({ errorCode, generationId })),
    );
    stage.note('twice as long', Date.now() - startedAt >= 2 * INITIAL_DELAY_MS);
    stage.note('no longer', Date.now() - startedAt < 3 * INITIAL_DELAY_MS);
  },

  'who goes while it waits leaves the group empty': async (stage) => {
    const first = await Player.invited(stage, 'first');
    const joining = first.join();
    await new Promise((go) => setTimeout(go, INITIAL_DELAY_MS / 4));
    stage.note('left', await first.leave(await stage.any(await stage.coordinatorOf())));
    stage.note('the join', await joining);
    await describe(stage, 'still preparing');
    await new Promise((go) => setTimeout(go, INITIAL_DELAY_MS * 2));
    await describe(stage, 'empty');
  },
};

/** What is seen of three brokers when what they lead moves between them. */
export const MOVE_SCRIPTS: Readonly<Record<string, Script>> = {
  'a leader that has gone elsewhere takes nothing, and lets read on': async (stage) => {
    const topic = await everywhere(stage);
    const [old, fresh] = [await stage.client('reader', 1), await stage.any(2)];
    await stage.ask('written', 'Produce', produceRequest(topic, stage.batch(['a'])), await stage.any(1));
    await stage.ask('to a follower', 'Produce', produceRequest(topic, stage.batch(['b'])), fresh);
    await until('the follower to know what all have', async () => {
      const { topics } = await fresh.ask('Fetch', fetchRequest(topic, 0));
      return topics[0]?.partitions[0]?.highWatermark === 1;
    });
    await stage.ask('from a follower', 'Fetch', fetchRequest(topic, 0), fresh);
    await stage.ask('listed by a follower', 'ListOffsets', listRequest(topic, -1), fresh);
    const waiting = old.ask('Fetch', fetchRequest(topic, 1, { maxWaitMs: 3_000 }));
    await stage.brokers.moveLeader(topic, 0, 2);
    stage.note('who waited', await waiting);
    await stage.ask('to the old one', 'Produce', produceRequest(topic, stage.batch(['b'])), await stage.any(1));
    await stage.ask('from the old one', 'Fetch', fetchRequest(topic, 0), old);
    await stage.ask('to the new one', 'Produce', produceRequest(topic, stage.batch(['c'])), fresh);
    await stage.ask('from the new one', 'Fetch', fetchRequest(topic, 1), fresh);
    const { topics } = await fresh.ask('Metadata', METADATA([topic]));
    const epoch = topics[0]?.partitions[0]?.leaderEpoch ?? -1;
    stage.note('a later epoch', epoch > 0);
    await stage.ask('in its epoch', 'Fetch', fetchRequest(topic, 2, { currentLeaderEpoch: epoch }), fresh);
    await stage.ask('in one before', 'Fetch', fetchRequest(topic, 1, { currentLeaderEpoch: epoch - 1 }), fresh);
    await stage.ask('in one to come', 'Fetch', fetchRequest(topic, 1, { currentLeaderEpoch: epoch + 1 }), fresh);
  },

  'a producer goes on at the next leader': async (stage) => {
    const topic = await everywhere(stage);
    const { producerId } = await stage.producer();
    const writer = { producerId, producerEpoch: 0 };
    const batch = (text: string, baseSequence: number) => stage.batch([text], { writer: { ...writer, baseSequence } });
    await stage.ask('first', 'Produce', produceRequest(topic, batch('a', 0)), await stage.any(1));
    await stage.brokers.moveLeader(topic, 0, 2);
    const fresh = await stage.any(2);
    await stage.ask('the first again', 'Produce', produceRequest(topic, batch('a', 0)), fresh);
    await stage.ask('second', 'Produce', produceRequest(topic, batch('b', 1)), fresh);
    await stage.ask('too early', 'Produce', produceRequest(topic, batch('d', 3)), fresh);
  },

  'a coordinator that has moved knows the group as it was written down': async (stage) => {
    const [first, second] = await pair(stage);
    stage.note('committed', await first.commit(3, { metadata: 'text' }));
    const to = await moveCoordinator(stage);
    stage.note('a heartbeat at the old one', await first.beat());
    stage.note('a commit at the old one', await first.commit(4));
    stage.note('a join at the old one', await first.join());
    stage.note('a sync at the old one', await first.sync());
    stage.note('leaving the old one', await first.leave());
    const topics = [{ name: stage.name, partitions: [0] }];
    await stage.ask('offsets at the old one', 'OffsetFetch', { groupId: stage.name, topics }, first.client);
    await describe(stage, 'known');
    for (const member of [first, second]) await member.moveTo(to);
    stage.note('a heartbeat', await first.beat());
    stage.note('a commit', await first.commit(5));
    await stage.ask('offsets', 'OffsetFetch', { groupId: stage.name, topics }, first.client);
    stage.note('the follower joins with the same', await second.join());
    stage.note('its assignment', await second.sync());
  },

  'who waits for a rebalance hears that the coordinator has moved': async (stage) => {
    const first = await alone(stage);
    const second = await Player.invited(stage, 'second');
    const joining = second.join();
    await rebalancing(first);
    const to = await moveCoordinator(stage);
    stage.note('the one that waits', await joining);
    await describe(stage, 'as before');
    for (const member of [first, second]) await member.moveTo(to);
    stage.note('the first goes on', await first.beat());
    stage.note('nobody knows the second', await second.join());
  },

  'a generation without its assignment is lost with its coordinator': async (stage) => {
    const [first, second] = await pair(stage);
    const joining = first.join({ metadata: 'other' });
    await rebalancing(second);
    await Promise.all([joining, second.join()]);
    const syncing = second.sync();
    const to = await moveCoordinator(stage);
    stage.note('the one that waits', await syncing);
    for (const member of [first, second]) await member.moveTo(to);
    stage.note('the leader syncs', await first.sync({ [first.memberId]: 'all' }));
    stage.note('a heartbeat', await second.beat());
    stage.note('a commit', await second.commit(3));
    stage.note('the leader joins', 'and makes a generation');
    const again = first.join();
    await rebalancing(second, 2);
    const both = await Promise.all([again, second.join()]);
    stage.note(
      'both',
      both.map(({ errorCode, generationId }) => ({ errorCode, generationId })),
    );
  },
};
