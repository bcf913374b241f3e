import { expect, test } from 'vitest';
import { createKafka } from '../../../../src/kafka/kafkajs/client.ts';
import { hookedConsumer } from '../../../../src/kafka/kafkajs/hooked-consumer.ts';
import { existingTopics, followTopics } from '../../../../src/kafka/kafkajs/metadata.ts';
import { pass, useVirtualTime } from '../../../support/fixtures.ts';

const NOTHING = () => Promise.reject(new Error('nobody joins here'));

useVirtualTime();

/** A cluster as kafkajs makes it; each look at a topic brings the next of its errors, if there are any left. */
function clusterOf(errors: Readonly<Record<string, string[]>>) {
  const asked: string[] = [];
  const ask = (topics: readonly string[]): Promise<void> => {
    asked.push(topics.join('+'));
    const [type] = topics.map((topic) => errors[topic]?.shift()).filter((error) => error !== undefined);
    return type === undefined ? Promise.resolve() : Promise.reject(Object.assign(new Error(type), { type }));
  };
  const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'c', ssl: false }, () => () => undefined);
  const assigner = {
    name: 'a',
    version: 1,
    assign: NOTHING,
    protocol: () => ({ name: 'a', metadata: Buffer.alloc(0) }),
  };
  const hooks = { join: NOTHING, leave: NOTHING, fetch: NOTHING, recover: NOTHING, mayWait: () => false };
  const { cluster } = hookedConsumer(kafka, { groupId: 'g' }, () => assigner, hooks);
  Object.assign(cluster, {
    targetTopics: new Set(['a', 'gone', 'b']),
    brokerPool: { findConnectedBroker: () => Promise.resolve({ metadata: ask }), refreshMetadata: ask },
  });
  return { cluster, asked };
}

const GONE = 'UNKNOWN_TOPIC_OR_PARTITION';

test('a topic is gone only where two brokers in a row do not know it, and each is asked for by itself', async () => {
  const { cluster, asked } = clusterOf({ late: [GONE], gone: [GONE, GONE] });
  const found = existingTopics(cluster, ['a', 'late', 'gone']);
  await pass(999);
  expect(asked).toEqual(['a', 'late', 'gone']);
  await pass(1);
  expect([await found, asked]).toEqual([new Set(['a', 'late']), ['a', 'late', 'gone', 'late', 'gone']]);
});

test('a topic whose leader is being elected is there; any other failure says nothing of it', async () => {
  const { cluster } = clusterOf({ a: ['LEADER_NOT_AVAILABLE'] });
  expect(await existingTopics(cluster, ['a'])).toEqual(new Set(['a']));
  await expect(existingTopics(clusterOf({ a: ['TOPIC_AUTHORIZATION_FAILED'] }).cluster, ['a'])).rejects.toThrow(
    'TOPIC_AUTHORIZATION_FAILED',
  );
});

test('the metadata of what is gone is asked for no longer: kafkajs would throw that of all topics away', async () => {
  const { cluster, asked } = clusterOf({ gone: [GONE, GONE, GONE] });
  await expect(cluster.refreshMetadata()).rejects.toThrow(GONE);
  await followTopics(cluster, new Set(['a', 'b']));
  await cluster.refreshMetadata();
  expect(asked).toEqual(['a+gone+b', 'a+b', 'a+b']);
});
