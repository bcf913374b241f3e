import type { Request } from '../../brokers/messages/apis.ts';
import type { RawClient } from '../raw-client.ts';
import type { Script, Stage } from '../stage.ts';

/** Offsets of partition 0 of topics, committed by nobody in particular. */
function commitRequest(
  groupId: string,
  offsets: Readonly<Record<string, number>>,
  metadata: string | null = null,
): Request<'OffsetCommit'> {
  const topics = Object.entries(offsets).map(([name, offset]) => ({
    name,
    partitions: [{ index: 0, offset, metadata }],
  }));
  return { groupId, generationId: -1, memberId: '', topics };
}

async function fetched(stage: Stage, label: string, on: RawClient, topics: readonly string[] | null): Promise<void> {
  const asked = topics?.map((name) => ({ name, partitions: [0, 1] })) ?? null;
  await stage.ask(label, 'OffsetFetch', { groupId: stage.name, topics: asked }, on);
}

export const OFFSET_SCRIPTS: Readonly<Record<string, Script>> = {
  'offsets are kept with their text': async (stage) => {
    const topic = await stage.makeTopic();
    const on = await stage.any(await stage.coordinatorOf());
    await fetched(stage, 'nothing yet', on, [topic]);
    await fetched(stage, 'nothing of all', on, null);
    await stage.ask('committed', 'OffsetCommit', commitRequest(stage.name, { [topic]: 5 }, 'text'), on);
    await fetched(stage, 'read', on, [topic]);
    await stage.ask('without text', 'OffsetCommit', commitRequest(stage.name, { [topic]: 3 }), on);
    await fetched(stage, 'read of all', on, null);
    await stage.ask('too much text', 'OffsetCommit', commitRequest(stage.name, { [topic]: 4 }, 'x'.repeat(4_097)), on);
    await stage.ask(
      'as much as may be',
      'OffsetCommit',
      commitRequest(stage.name, { [topic]: 4 }, 'x'.repeat(4_096)),
      on,
    );
    const unknown = commitRequest(stage.name, { [`${topic}-none`]: 1, [topic]: 6 });
    await stage.ask('of a topic that is not there', 'OffsetCommit', unknown, on);
    await stage.ask('below zero', 'OffsetCommit', commitRequest(stage.name, { [topic]: -3 }), on);
    await fetched(stage, 'read both', on, [topic, `${topic}-none`]);
    const member = { ...commitRequest(stage.name, { [topic]: 9 }), generationId: 1, memberId: 'nobody' };
    await stage.ask('by a member of no generation', 'OffsetCommit', member, on);
    await stage.ask('to no group', 'OffsetCommit', { ...member, groupId: `${stage.name}-none` }, on);
    await stage.ask('listed', 'DescribeGroups', { groups: [stage.name], includeAuthorizedOperations: false }, on, 2);
  },

  'a deleted topic takes its offsets along': async (stage) => {
    const topic = await stage.makeTopic();
    const on = await stage.any(await stage.coordinatorOf());
    await stage.ask('committed', 'OffsetCommit', commitRequest(stage.name, { [topic]: 5 }), on);
    const client = await stage.any();
    await stage.ask('deleted', 'DeleteTopics', { topicNames: [topic], timeoutMs: 5_000 }, client);
    await stage.offsetsAreGone(topic);
    await fetched(stage, 'gone', on, [topic]);
    await stage.makeTopic();
    await fetched(stage, 'still gone', on, [topic]);
  },

  'a group without members can be deleted': async (stage) => {
    const topic = await stage.makeTopic();
    const on = await stage.any(await stage.coordinatorOf());
    await stage.ask('none', 'DeleteGroups', { groupNames: [stage.name] }, on);
    await stage.ask('committed', 'OffsetCommit', commitRequest(stage.name, { [topic]: 5 }), on);
    await stage.ask('deleted', 'DeleteGroups', { groupNames: [stage.name] }, on);
    await fetched(stage, 'gone', on, [topic]);
  },
};
