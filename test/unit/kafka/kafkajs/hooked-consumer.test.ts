import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { createKafka } from '../../../../src/kafka/kafkajs/client.ts';
import { hookedConsumer } from '../../../../src/kafka/kafkajs/hooked-consumer.ts';
import type { ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';

const require = createRequire(import.meta.url);
const { prototype } = require('kafkajs/src/consumer/consumerGroup.js') as { prototype: ConsumerGroup };

test('whoever makes a consumer with hooks gets its cluster, and its groups go by them', async () => {
  const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'c', ssl: false }, () => () => undefined);
  const made: object[] = [];
  const assigner = {
    name: 'a',
    version: 1,
    assign: () => Promise.resolve([]),
    protocol: () => ({ name: 'a', metadata: Buffer.alloc(0) }),
  };
  const nothing = () => Promise.resolve();
  const none = () => Promise.resolve([]);
  const left: string[] = [];
  const hooks = {
    join: nothing,
    fetch: none,
    recover: nothing,
    leave: () => Promise.resolve(void left.push('left')),
    mayWait: () => false,
  };
  const create = ({ cluster }: { cluster: object }) => {
    made.push(cluster);
    return assigner;
  };
  const { cluster } = hookedConsumer(kafka, { groupId: 'g' }, create, hooks);
  expect(made).toEqual([cluster]);
  await Object.assign(Object.create(prototype) as ConsumerGroup, { assigners: [assigner] }).leave();
  expect(left).toEqual(['left']);
});
