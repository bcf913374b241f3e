import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { createPublisher } from '../../../../src/kafka/produce/publisher.ts';
import { Abandoned, NotAllowed } from '../../../../src/pipeline/ports.ts';
import { SOURCE } from '../../../support/fixtures.ts';
import { until } from '../../../support/until.ts';

const record = { topic: `${SOURCE}.retry.5s`, partition: 7, key: null, value: Buffer.from('v'), headers: {} };

const always = (): void => undefined;

/** A client whose producers answer as told, one after the other, and how many of them were made. */
function clientAnswering(...answers: (() => Promise<object[]>)[]) {
  const made = { count: 0, idempotent: [] as boolean[] };
  const producer = ({ idempotent }: { idempotent: boolean }) => {
    made.count += 1;
    made.idempotent.push(idempotent);
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
  await expect(publish('retry', record, always)).rejects.toThrow('nothing was written');
  await expect(publish('retry', record, always)).resolves.toEqual({ offset: 41 });
  expect(made.count).toBe(2);
});

test('after a failed send the next record goes through another producer', async () => {
  const { kafka, made } = clientAnswering(() => Promise.reject(new Error('not enough replicas')));
  const { publish } = createPublisher(kafka);
  await expect(publish('retry', record, always)).rejects.toThrow('not enough replicas');
  await expect(publish('retry', record, always)).resolves.toEqual({ offset: 41 });
  expect(made.count).toBe(2);
});

test('what the broker will never take is told, however often the client has wrapped it', async () => {
  const refused = Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' });
  const { kafka } = clientAnswering(() => Promise.reject(new Error('retries exceeded', { cause: refused })));
  await expect(createPublisher(kafka).publish('retry', record, always)).resolves.toBe('too_large');
});

test('what this user may not write is told with right and topic', async () => {
  const forbidden = Object.assign(new Error('not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED' });
  const { kafka } = clientAnswering(() => Promise.reject(new Error('retries exceeded', { cause: forbidden })));
  const written = createPublisher(kafka).publish('retry', record, always);
  await expect(written).rejects.toBeInstanceOf(NotAllowed);
  await expect(written).rejects.toThrow(`may not WRITE the topic ${SOURCE}.retry.5s`);
});

test('records of one partition are written one at a time, whatever becomes of each; other partitions do not wait', async () => {
  const ends: (() => void)[] = [];
  const answer = (offset: string) => () =>
    new Promise<object[]>((resolve, reject) => {
      ends.push(() => (offset === '' ? reject(new Error('no leader')) : resolve([{ baseOffset: offset }])));
    });
  const { kafka } = clientAnswering(answer(''), answer('8'), answer('42'));
  const { publish } = createPublisher(kafka);
  const first = publish('retry', record, always);
  const second = publish('retry', record, always);
  const elsewhere = publish('retry', { ...record, partition: 8 }, always);
  await until('both partitions to be written', () => ends.length === 2);
  ends[1]?.();
  await expect(elsewhere).resolves.toEqual({ offset: 8 });
  ends[0]?.();
  await expect(first).rejects.toThrow('no leader');
  await until('the second one to follow', () => ends.length === 3);
  ends[2]?.();
  await expect(second).resolves.toEqual({ offset: 42 });
});

test('who may not write any more when the turn comes writes nothing, and the producer stays', async () => {
  const { kafka, made } = clientAnswering();
  const { publish } = createPublisher(kafka);
  const notAnyMore = (): void => {
    throw new Abandoned();
  };
  await publish('retry', record, always);
  await expect(publish('retry', record, notAnyMore)).rejects.toThrow(Abandoned);
  await expect(publish('retry', record, always)).resolves.toEqual({ offset: 41 });
  expect(made.count).toBe(1);
});

test('an outcome, whose partition the client chooses, has no sequence number that another one could take', async () => {
  const { kafka, made } = clientAnswering();
  const { partition, ...outcome } = record;
  const { publish } = createPublisher(kafka);
  await publish('outcome', outcome, always);
  await publish('retry', record, always);
  expect(made.idempotent).toEqual([false, true]);
});
