import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { createPublisher } from '../../src/kafka/publisher.ts';
import { SOURCE } from '../support/fixtures.ts';

const record = { topic: `${SOURCE}.retry.5s`, partition: 7, key: null, value: Buffer.from('v'), headers: {} };

/** A client whose producers answer as told, one after the other, and how many of them were made. */
function clientAnswering(...answers: (() => Promise<object[]>)[]) {
  const made = { count: 0 };
  const producer = () => {
    made.count += 1;
    return {
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      send: () => (answers.shift() ?? (() => Promise.resolve([{ baseOffset: '41' }])))(),
    };
  };
  return { kafka: { producer } as unknown as Kafka, made };
}

test('a record that the client left out, its partition being new, is not taken for written', async () => {
  const { kafka, made } = clientAnswering(() => Promise.resolve([]));
  const { publish } = createPublisher(kafka);
  await expect(publish('retry', record)).rejects.toThrow('nothing was written');
  await expect(publish('retry', record)).resolves.toEqual({ offset: 41 });
  expect(made.count).toBe(2);
});

test('after a failed send the next record goes through another producer', async () => {
  const { kafka, made } = clientAnswering(() => Promise.reject(new Error('not enough replicas')));
  const { publish } = createPublisher(kafka);
  await expect(publish('retry', record)).rejects.toThrow('not enough replicas');
  await expect(publish('retry', record)).resolves.toEqual({ offset: 41 });
  expect(made.count).toBe(2);
});

test('what the broker will never take is told, however often the client has wrapped it', async () => {
  const refused = Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' });
  const { kafka } = clientAnswering(() => Promise.reject(new Error('retries exceeded', { cause: refused })));
  await expect(createPublisher(kafka).publish('retry', record)).resolves.toBe('too_large');
});
