import { ERROR } from '../../brokers/error-codes.ts';
import type { Request } from '../../brokers/messages/apis.ts';
import type { Script, Stage } from '../stage.ts';

/** One batch to one partition. */
export function produceRequest(
  topic: string,
  records: Buffer | null,
  { index = 0, acks = -1, transactionalId = null as string | null } = {},
): Request<'Produce'> {
  return { transactionalId, acks, timeoutMs: 5_000, topics: [{ name: topic, partitions: [{ index, records }] }] };
}

/** From one offset of one partition on. */
export function fetchRequest(topic: string, fetchOffset: number, options: FetchOptions = {}): Request<'Fetch'> {
  const { index = 0, maxWaitMs = 0, minBytes = 1, maxBytes = 1_000_000, partitionBytes = 1_000_000 } = options;
  const { isolationLevel = 1, currentLeaderEpoch = -1 } = options;
  const partition = { index, currentLeaderEpoch, fetchOffset, logStartOffset: -1, maxBytes: partitionBytes };
  return {
    ...{ replicaId: -1, maxWaitMs, minBytes, maxBytes, isolationLevel, sessionId: 0, sessionEpoch: -1 },
    ...{ topics: [{ name: topic, partitions: [partition] }], forgottenTopics: [], rackId: '' },
  };
}

interface FetchOptions {
  readonly index?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionBytes?: number;
  readonly isolationLevel?: number;
  readonly currentLeaderEpoch?: number;
}

/** Within a session. */
export function inSession(
  request: Request<'Fetch'>,
  sessionId: number,
  sessionEpoch: number,
  forgottenTopics: Request<'Fetch'>['forgottenTopics'] = [],
): Request<'Fetch'> {
  return { ...request, sessionId, sessionEpoch, forgottenTopics };
}

export function listRequest(topic: string, timestamp: number, isolationLevel = 1, index = 0): Request<'ListOffsets'> {
  const partitions = [{ index, timestamp }];
  return { replicaId: -1, isolationLevel, topics: [{ name: topic, partitions }] };
}

async function filled(stage: Stage, batches: readonly (readonly string[])[]): Promise<string> {
  const topic = await stage.makeTopic();
  const client = await stage.any();
  for (const [number, texts] of batches.entries()) {
    await client.ask('Produce', produceRequest(topic, stage.batch(texts, { at: number * 100 })));
  }
  return topic;
}

/** What is written is read as it was written. */
export const RECORD_SCRIPTS: Readonly<Record<string, Script>> = {
  'batches are read whole, from the one that holds the offset': async (stage) => {
    const topic = await stage.makeTopic();
    await stage.ask('nothing yet', 'Fetch', fetchRequest(topic, 0));
    await stage.ask('first', 'Produce', produceRequest(topic, stage.batch(['a', 'b', 'c'])));
    await stage.ask(
      'second, with one acknowledgement',
      'Produce',
      produceRequest(topic, stage.batch(['d'], { at: 10 }), { acks: 1 }),
    );
    for (const offset of [0, 1, 2, 3, 4]) await stage.ask(`from ${offset}`, 'Fetch', fetchRequest(topic, offset));
    await stage.ask('past the end', 'Fetch', fetchRequest(topic, 5));
    await stage.ask('before the start', 'Fetch', fetchRequest(topic, -1));
    await stage.ask('uncommitted, too', 'Fetch', fetchRequest(topic, 0, { isolationLevel: 0 }));
    await stage.ask('nobody asks for a partition', 'Fetch', { ...fetchRequest(topic, 0), topics: [] });
  },

  'limits cut batches off, but never the first': async (stage) => {
    const topic = await filled(stage, [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ]);
    for (const partitionBytes of [1, 100, 101, 150, 202, 210, 1_000]) {
      await stage.ask(`${partitionBytes} of a partition`, 'Fetch', fetchRequest(topic, 0, { partitionBytes }));
    }
    for (const maxBytes of [1, 150, 1_000]) {
      const { topics, ...rest } = fetchRequest(topic, 0, { maxBytes });
      const [one] = topics;
      const twice = one === undefined ? [] : [one, { ...one, name: `${topic}-second` }];
      await stage.makeTopic({ suffix: `-second` }).catch(() => undefined);
      const client = await stage.any();
      await client.ask('Produce', produceRequest(`${topic}-second`, stage.batch(['x', 'y'])));
      await stage.ask(`${maxBytes} of all`, 'Fetch', { ...rest, topics: twice });
    }
  },

  'a fetch waits for enough, and no longer': async (stage) => {
    const topic = await stage.makeTopic();
    const reader = await stage.client('reader');
    const startedAt = Date.now();
    await stage.ask('nothing comes', 'Fetch', fetchRequest(topic, 0, { maxWaitMs: 300 }), reader);
    stage.note('waited', Date.now() - startedAt >= 290);
    const waiting = reader.ask('Fetch', fetchRequest(topic, 0, { maxWaitMs: 20_000 }));
    await stage.ask('something comes', 'Produce', produceRequest(topic, stage.batch(['a'])));
    stage.note('read', await waiting);
    const more = reader.ask('Fetch', fetchRequest(topic, 0, { maxWaitMs: 20_000, minBytes: 200 }));
    await stage.ask('more comes', 'Produce', produceRequest(topic, stage.batch(['b'])));
    await stage.ask('enough', 'Produce', produceRequest(topic, stage.batch(['c'])));
    stage.note('read', await more);
    stage.note('not waited', Date.now() - startedAt < 15_000);
    const order: string[] = [];
    const first = reader.ask('Fetch', fetchRequest(topic, 3, { maxWaitMs: 200 })).then(() => order.push('first'));
    const second = reader.ask('Metadata', { ...METADATA_OF, topics: [] }).then(() => order.push('second'));
    await Promise.all([first, second]);
    stage.note('answers in the order of requests', order);
  },

  'what cannot be written or read is refused by its code': async (stage) => {
    const topic = await stage.makeTopic({ configs: { 'max.message.bytes': '300' } });
    const good = stage.batch(['a']);
    const damaged = Buffer.from(good);
    damaged.writeUInt8(damaged.readUInt8(70) ^ 1, 70);
    await stage.ask('no such partition', 'Produce', produceRequest(topic, good, { index: 1 }));
    await stage.ask('no such topic', 'Produce', produceRequest(`${topic}-none`, good));
    await stage.ask('damaged', 'Produce', produceRequest(topic, damaged));
    await stage.ask('too large', 'Produce', produceRequest(topic, stage.batch(['x'.repeat(300)])));
    await stage.ask('two acknowledgements', 'Produce', produceRequest(topic, good, { acks: 2 }));
    await stage.ask('of the future', 'Produce', produceRequest(topic, stage.batch(['a'], { at: 7_200_000 })));
    await stage.ask('fetch no such partition', 'Fetch', fetchRequest(topic, 0, { index: 1 }));
    await stage.ask('fetch no such topic', 'Fetch', fetchRequest(`${topic}-none`, 0));
    await stage.ask('fetch in a later epoch', 'Fetch', fetchRequest(topic, 0, { currentLeaderEpoch: 9 }));
    await stage.ask('still good', 'Produce', produceRequest(topic, good));
    await stage.ask('read', 'Fetch', fetchRequest(topic, 0));
  },

  'offsets are found by time': async (stage) => {
    const topic = await filled(stage, [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ]);
    const at = stage.startedAt;
    for (const [label, time] of Object.entries({
      latest: -1,
      earliest: -2,
      start: at,
      within: at + 1,
      between: at + 50,
    })) {
      await stage.ask(label, 'ListOffsets', listRequest(topic, time));
    }
    await stage.ask('the last', 'ListOffsets', listRequest(topic, at + 201));
    await stage.ask('after all', 'ListOffsets', listRequest(topic, at + 202));
    await stage.ask('uncommitted', 'ListOffsets', listRequest(topic, -1, 0));
    await stage.ask('no such partition', 'ListOffsets', listRequest(topic, -1, 1, 5));
    await stage.ask('no such topic', 'ListOffsets', listRequest(`${topic}-none`, -1));
  },

  'deleted records move the start': async (stage) => {
    const topic = await filled(stage, [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ]);
    const before = (offset: number, index = 0): Request<'DeleteRecords'> => ({
      topics: [{ name: topic, partitions: [{ index, offset }] }],
      timeoutMs: 5_000,
    });
    await stage.ask('within a batch', 'DeleteRecords', before(3));
    await stage.ask('from the new start', 'Fetch', fetchRequest(topic, 3));
    await stage.ask('from the old start', 'Fetch', fetchRequest(topic, 0));
    await stage.ask('earliest', 'ListOffsets', listRequest(topic, -2));
    await stage.ask('by a time that is gone', 'ListOffsets', listRequest(topic, stage.startedAt));
    await stage.ask('back', 'DeleteRecords', before(1));
    await stage.ask('too far', 'DeleteRecords', before(7));
    await stage.ask('no such partition', 'DeleteRecords', before(0, 4));
    await stage.ask('all', 'DeleteRecords', before(-1));
    await stage.ask('from the end', 'Fetch', fetchRequest(topic, 6));
    await stage.ask('goes on', 'Produce', produceRequest(topic, stage.batch(['g'])));
    await stage.ask('read', 'Fetch', fetchRequest(topic, 6));
  },

  'a topic can keep the time of appending': async (stage) => {
    const topic = await stage.makeTopic({ configs: { 'message.timestamp.type': 'LogAppendTime' } });
    await stage.ask('written', 'Produce', produceRequest(topic, stage.batch(['a', 'b'])));
    await stage.ask('read', 'Fetch', fetchRequest(topic, 0));
    await stage.ask('by time', 'ListOffsets', listRequest(topic, stage.startedAt));
  },

  'a producer writes each batch once': async (stage) => {
    const topic = await stage.makeTopic();
    const client = await stage.any();
    const { producerId } = await stage.producer();
    const send = (label: string, texts: readonly string[], baseSequence: number, producerEpoch = 0) =>
      stage.ask(
        label,
        'Produce',
        produceRequest(topic, stage.batch(texts, { writer: { producerId, producerEpoch, baseSequence } })),
        client,
      );
    await send('first', ['a', 'b'], 0);
    await send('again', ['a', 'b'], 0);
    await send('next', ['c'], 2);
    await send('the first again', ['a', 'b'], 0);
    await send('other records under a number that is taken', ['z'], 2);
    await send('one left out', ['e'], 4);
    await send('partly known', ['b', 'c'], 1);
    for (let sequence = 3; sequence < 9; sequence += 1) await send(`number ${sequence}`, ['n'], sequence);
    await send('long ago', ['a', 'b'], 0);
    await send('a later epoch begins', ['x'], 5, 1);
    await send('from its start', ['x'], 0, 1);
    await send('the earlier epoch', ['y'], 9, 0);
    const other = produceRequest(
      topic,
      stage.batch(['w'], { writer: { producerId: producerId + 1_000_000, producerEpoch: 0, baseSequence: 7 } }),
    );
    await stage.ask('a producer that nobody knows, in its middle', 'Produce', other);
    await stage.ask('all', 'Fetch', fetchRequest(topic, 0));
  },

  'a request that nobody understands ends the connection': async (stage) => {
    const client = await stage.client('stranger');
    const ends = client.ask('Metadata', { ...METADATA_OF, topics: [] }, 6).then(() => 'answered');
    stage.note('first', await ends);
    const hungUp = client.ask('Heartbeat', { groupId: '', generationId: 0, memberId: '', groupInstanceId: null });
    client.write(Buffer.from([0, 0, 0, 8, 0, 127, 0, 0, 0, 0, 0, 9]));
    stage.note('known', (await hungUp).errorCode !== ERROR.NONE);
    const after = client.ask('Metadata', { ...METADATA_OF, topics: [] });
    stage.note(
      'then',
      await after.then(
        () => 'answered',
        () => 'hung up',
      ),
    );
  },
};

const METADATA_OF = {
  ...{ allowAutoTopicCreation: false, includeClusterAuthorizedOperations: false },
  includeTopicAuthorizedOperations: false,
};
