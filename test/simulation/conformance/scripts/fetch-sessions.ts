import type { Script, Stage } from '../stage.ts';
import { fetchRequest, inSession, produceRequest } from './records.ts';

/** A topic of two partitions with one record each, and a session that has been told of them. */
async function session(stage: Stage): Promise<{ topic: string; id: number; both: ReturnType<typeof fetchRequest> }> {
  const topic = await stage.makeTopic({ partitions: 2 });
  const client = await stage.any();
  for (const index of [0, 1]) await client.ask('Produce', produceRequest(topic, stage.batch(['a']), { index }));
  const [one, two] = [fetchRequest(topic, 0), fetchRequest(topic, 0, { index: 1 })];
  const partitions = [one, two].flatMap(({ topics }) => topics.flatMap((asked) => asked.partitions));
  const both = { ...one, topics: [{ name: topic, partitions }] };
  const { sessionId } = await stage.ask('opened', 'Fetch', inSession(both, 0, 0));
  return { topic, id: sessionId, both };
}

export const FETCH_SESSION_SCRIPTS: Readonly<Record<string, Script>> = {
  'a fetch session tells only what is new': async (stage) => {
    const { topic, id } = await session(stage);
    const client = await stage.any();
    const none = { ...fetchRequest(topic, 0), topics: [] };
    await stage.ask('the same again', 'Fetch', inSession(none, id, 1));
    await stage.ask('one moves on', 'Fetch', inSession(fetchRequest(topic, 1), id, 2));
    await stage.ask('the other one too', 'Fetch', inSession(fetchRequest(topic, 1, { index: 1 }), id, 3));
    await client.ask('Produce', produceRequest(topic, stage.batch(['b'])));
    await stage.ask('a record has come', 'Fetch', inSession(none, id, 4));
    await stage.ask('and is told until it is past', 'Fetch', inSession(none, id, 5));
    await stage.ask('past', 'Fetch', inSession(fetchRequest(topic, 2), id, 6));
    const delay = { index: 1, maxWaitMs: 20_000 };
    const waiting = client.ask('Fetch', inSession(fetchRequest(topic, 1, delay), id, 7));
    const other = await stage.client('writer');
    await other.ask('Produce', produceRequest(topic, stage.batch(['c']), { index: 1 }));
    stage.note('waited for', await waiting);
    await client.ask('DeleteRecords', {
      topics: [{ name: topic, partitions: [{ index: 0, offset: 1 }] }],
      timeoutMs: 5_000,
    });
    await stage.ask('the start has moved', 'Fetch', inSession(fetchRequest(topic, 2, { index: 1 }), id, 8));
    await stage.ask('out of range', 'Fetch', inSession(fetchRequest(topic, 9), id, 9));
    await stage.ask('still out of range', 'Fetch', inSession(none, id, 10));
    await stage.ask('in range again', 'Fetch', inSession(fetchRequest(topic, 2), id, 11));
  },

  'a fetch session can forget and end': async (stage) => {
    const { topic, id, both } = await session(stage);
    const none = { ...fetchRequest(topic, 0), topics: [] };
    const first = [{ name: topic, partitions: [0] }];
    await stage.ask('without the first', 'Fetch', inSession(none, id, 1, first));
    await stage.ask('with a topic that is not there', 'Fetch', inSession(fetchRequest(`${topic}-none`, 0), id, 2));
    await stage.ask('an epoch that was', 'Fetch', inSession(none, id, 2));
    await stage.ask('an epoch to come', 'Fetch', inSession(none, id, 7));
    await stage.ask('this one', 'Fetch', inSession(none, id, 3));
    await stage.ask('another session', 'Fetch', inSession(none, id === 7 ? 8 : 7, 1));
    await stage.ask(
      'nothing is left',
      'Fetch',
      inSession(none, id, 4, [
        { name: topic, partitions: [1] },
        { name: `${topic}-none`, partitions: [0] },
      ]),
    );
    await stage.ask('it is gone', 'Fetch', inSession(none, id, 5));
    const again = await stage.ask('opened again', 'Fetch', inSession(both, 0, 0));
    await stage.ask('ended', 'Fetch', inSession(both, again.sessionId, -1));
    await stage.ask('it is gone, too', 'Fetch', inSession(none, again.sessionId, 1));
    const third = await stage.ask('a third', 'Fetch', inSession(both, 0, 0));
    const fourth = await stage.ask('one in its place', 'Fetch', inSession(both, third.sessionId, 0));
    await stage.ask('the third is gone', 'Fetch', inSession(none, third.sessionId, 1));
    await stage.ask('the fourth is there', 'Fetch', inSession(none, fourth.sessionId, 1));
  },
};
