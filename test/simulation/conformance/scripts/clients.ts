import type { Consumer, EachBatchPayload } from 'kafkajs';
import { errorType } from '../../../../src/kafka/kafkajs/errors.ts';
import { until } from '../../../support/until.ts';
import type { Script, Stage } from '../stage.ts';

/** What is read: where it stands, and what it says. */
type Read = Map<string, string | undefined>;

/** A member that reads everything of the script's topic, and commits each batch. */
async function member(stage: Stage, clientId: string, read: Read): Promise<Consumer> {
  const consumer = stage.brokers.kafka(clientId).consumer({
    ...{ groupId: stage.name, sessionTimeout: 10_000, heartbeatInterval: 100, maxWaitTimeInMs: 100 },
  });
  await consumer.connect();
  await consumer.subscribe({ topic: stage.name, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }: EachBatchPayload) => {
      const { topic, partition } = batch;
      for (const { offset, value } of batch.messages) read.set(`${partition}:${offset}`, value?.toString());
      await consumer.commitOffsets([{ topic, partition, offset: String(Number(batch.lastOffset()) + 1) }]);
    },
  });
  return consumer;
}

/** What kafkajs makes of the brokers' answers. */
export const CLIENT_SCRIPTS: Readonly<Record<string, Script>> = {
  'kafkajs writes, reads in a group and commits': async (stage) => {
    await stage.makeTopic({ partitions: 2 });
    await stage.topicIsKnown(stage.name, 2);
    const kafka = stage.brokers.kafka('writer');
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    const admin = kafka.admin();
    await Promise.all([producer.connect(), admin.connect()]);
    const read: Read = new Map();
    const first = await member(stage, 'first', read);
    const write = (from: number) =>
      producer.send({
        topic: stage.name,
        messages: [0, 1, 2, 3].map((at) => ({
          partition: at % 2,
          key: 'k',
          value: `v${from + at}`,
          headers: { at: String(at) },
        })),
      });
    stage.note('written', await write(0));
    await until('all to be read', () => read.size === 4);
    const second = await member(stage, 'second', read);
    await until('both to be members', async () => {
      const { groups } = await admin.describeGroups([stage.name]);
      return groups[0]?.state === 'Stable' && groups[0].members.length === 2;
    });
    stage.note('written', await write(4));
    await until('all to be read', () => read.size === 8);
    stage.note('read', Object.fromEntries([...read].sort(([one], [other]) => (one < other ? -1 : 1))));
    await Promise.all([first.disconnect(), second.disconnect()]);
    stage.note('committed', await admin.fetchOffsets({ groupId: stage.name, topics: [stage.name] }));
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  },

  'kafkajs manages topics and offsets': async (stage) => {
    const admin = stage.brokers.kafka('admin').admin();
    await admin.connect();
    const topic = stage.name;
    stage.note('made', await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: false }));
    await stage.topicIsKnown(topic, 2);
    stage.note('made again', await admin.createTopics({ topics: [{ topic }] }));
    stage.note('listed', (await admin.listTopics()).includes(topic));
    stage.note('described', (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length);
    stage.note('ends', await admin.fetchTopicOffsets(topic));
    await admin.setOffsets({ groupId: topic, topic, partitions: [{ partition: 0, offset: '0' }] });
    stage.note('offsets', await admin.fetchOffsets({ groupId: topic, topics: [topic] }));
    const unknown = admin.fetchTopicMetadata({ topics: [`${topic}-none`] });
    stage.note('unknown', await unknown.catch((error: unknown) => errorType(error)));
    await admin.disconnect();
  },
};
