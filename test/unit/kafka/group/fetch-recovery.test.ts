import { expect, test } from 'vitest';
import { recoverFromFetch } from '../../../../src/kafka/group/fetch-recovery.ts';
import type { ConsumerGroup, KafkaError } from '../../../../src/kafka/kafkajs/types.ts';
import type { Fact } from '../../../../src/pipeline/facts.ts';
import { pass, useVirtualTime } from '../../../support/fixtures.ts';

useVirtualTime();

/** What is done, in order, about a fetch that failed like this. */
async function doneAbout(error: Partial<KafkaError>, brokers: 'answer' | 'do not' = 'answer'): Promise<string[]> {
  const done: string[] = [];
  const say = (what: string) => () => {
    done.push(what);
    return brokers === 'answer' ? Promise.resolve() : Promise.reject(new Error('no broker'));
  };
  const group = { cluster: { refreshMetadata: say('refresh metadata') } } as unknown as ConsumerGroup;
  const topics = {
    listAnew: () => Promise.resolve(),
    admit: () => Promise.resolve(new Map()),
    begun: () => undefined,
    mayWait: () => false,
    look: say('look'),
    unknownTopic: say('unknown topic'),
    outOfRange: (_: ConsumerGroup, topic: string, partition: number) => say(`out of range ${topic}:${partition}`)(),
  };
  const failure: KafkaError = Object.assign(new Error('failed'), error);
  const observe = (fact: Fact) => done.push(fact.kind);
  const recovered = recoverFromFetch(group, failure, say('as kafkajs does'), topics, observe);
  await pass(250);
  await recovered;
  return done;
}

test.each(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'FENCED_LEADER_EPOCH', 'KAFKA_STORAGE_ERROR'])(
  'nobody joins again for %s: leaders are looked up',
  async (type) => {
    expect(await doneAbout({ type })).toEqual(['refresh metadata']);
  },
);

test('nobody leaves the group for brokers that cannot be reached', async () => {
  expect(await doneAbout({ name: 'KafkaJSConnectionError' }, 'do not')).toEqual(['refresh metadata']);
});

test('a topic that a broker does not know is looked for, and where that fails it is told', async () => {
  const type = 'UNKNOWN_TOPIC_OR_PARTITION';
  expect(await doneAbout({ type })).toEqual(['unknown topic']);
  expect(await doneAbout({ type }, 'do not')).toEqual(['unknown topic', 'join_failed']);
});

test('an offset that a broker does not have is never jumped over', async () => {
  const place = { topic: 'pay', partition: 3 };
  expect(await doneAbout({ name: 'KafkaJSOffsetOutOfRange', ...place })).toEqual(['out of range pay:3']);
});

test('everything else is left to kafkajs', async () => {
  expect(await doneAbout({ type: 'TOPIC_AUTHORIZATION_FAILED' })).toEqual(['as kafkajs does']);
});
