import type { Request } from '../../brokers/messages/apis.ts';
import { METADATA, type Script } from '../stage.ts';

type NewTopic = Request<'CreateTopics'>['topics'][number];

function create(
  topics: readonly (Partial<NewTopic> & { readonly name: string })[],
  validateOnly = false,
): Request<'CreateTopics'> {
  const all = topics.map((topic) => ({
    numPartitions: 2,
    replicationFactor: 1,
    assignments: [],
    configs: [],
    ...topic,
  }));
  return { topics: all, timeoutMs: 5_000, validateOnly };
}

export const TOPIC_SCRIPTS: Readonly<Record<string, Script>> = {
  'topics are made, told and deleted': async (stage) => {
    const name = stage.name;
    await stage.ask('unknown', 'Metadata', METADATA([name]));
    await stage.ask('no name for a topic', 'Metadata', METADATA(['a b']));
    await stage.ask('tried', 'CreateTopics', create([{ name }], true));
    await stage.ask('still unknown', 'Metadata', METADATA([name]));
    await stage.ask('made', 'CreateTopics', create([{ name, configs: [{ name: 'retention.ms', value: '100000' }] }]));
    await stage.topicIsKnown(name, 2);
    await stage.ask('known', 'Metadata', METADATA([name]));
    await stage.ask('known as of old', 'Metadata', METADATA([name]), undefined, 6);
    await stage.ask('with rights', 'Metadata', {
      ...METADATA([name]),
      ...{ includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true },
    });
    await stage.ask('made again', 'CreateTopics', create([{ name }]));
    await stage.ask(
      'not made',
      'CreateTopics',
      create([
        { name: `${name}-no-partitions`, numPartitions: 0 },
        { name: `${name}-no-replicas`, replicationFactor: 0 },
        { name: `${name}-many-replicas`, replicationFactor: 9 },
        { name: `${name} `, numPartitions: 1 },
        { name: `${name}-config`, configs: [{ name: 'no.such.setting', value: '1' }] },
      ]),
    );
    const more = (count: number, of = name): Request<'CreatePartitions'> => ({
      ...{ topics: [{ name: of, count, assignments: null }], timeoutMs: 5_000, validateOnly: false },
    });
    await stage.ask('no more partitions', 'CreatePartitions', more(2));
    await stage.ask('fewer partitions', 'CreatePartitions', more(1));
    await stage.ask('partitions of nothing', 'CreatePartitions', more(3, `${name}-none`));
    await stage.ask('more partitions', 'CreatePartitions', more(3));
    await stage.topicIsKnown(name, 3);
    await stage.ask('known with more', 'Metadata', METADATA([name]));
    await stage.ask('deleted', 'DeleteTopics', { topicNames: [name], timeoutMs: 5_000 });
    await stage.ask('not deleted', 'DeleteTopics', { topicNames: [`${name}-none`], timeoutMs: 5_000 });
    await stage.topicIsGone(name);
    await stage.ask('gone', 'Metadata', METADATA([name]));
  },

  'settings of a topic are told': async (stage) => {
    const name = await stage.makeTopic({ configs: { 'retention.ms': '100000', 'max.message.bytes': '2000' } });
    const keys = ['retention.ms', 'max.message.bytes', 'cleanup.policy', 'message.timestamp.type', 'retention.bytes'];
    const ask = (asked: string, names: readonly string[] | null) => ({
      resources: [{ type: 2, name: asked, keys: names }],
      includeSynonyms: false,
    });
    await stage.ask('some', 'DescribeConfigs', ask(name, keys));
    await stage.ask('of nothing', 'DescribeConfigs', ask(`${name}-none`, keys));
  },

  'a topic that is made anew begins at 0': async (stage) => {
    const name = await stage.makeTopic();
    const client = await stage.any();
    const write = (): Request<'Produce'> => ({
      ...{ transactionalId: null, acks: -1, timeoutMs: 5_000 },
      topics: [{ name, partitions: [{ index: 0, records: stage.batch(['a', 'b']) }] }],
    });
    await stage.ask('written', 'Produce', write(), client);
    await client.ask('DeleteTopics', { topicNames: [name], timeoutMs: 5_000 });
    await stage.topicIsGone(name);
    await stage.ask('not written', 'Produce', write(), client);
    await stage.makeTopic();
    await stage.ask('made anew', 'Metadata', METADATA([name]));
    await stage.ask('written anew', 'Produce', write(), client);
  },
};
