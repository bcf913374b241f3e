import kafkajs, { type Kafka, type ProducerConfig, type ProducerRecord } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { COMPRESSIONS } from '../../../../src/kafka/produce/compressions.ts';
import { createPublisher } from '../../../../src/kafka/produce/publisher.ts';
import { Abandoned, NotAllowed } from '../../../../src/pipeline/ports.ts';
import { deferred, SOURCE } from '../../../support/fixtures.ts';
import { until } from '../../../support/until.ts';

const { CompressionTypes } = kafkajs;

const record = { topic: `${SOURCE}.retry.5s`, partition: 7, key: null, value: Buffer.from('v'), headers: {} };

const always = (): void => undefined;

/** A client whose producers answer as told, one after the other, and how many of them were made. */
function clientAnswering(...answers: (() => Promise<object[]>)[]) {
  const made = { count: 0, idempotent: [] as boolean[], options: [] as ProducerConfig[] };
  const sent: ProducerRecord[] = [];
  const story: string[] = [];
  const producer = (options: ProducerConfig) => {
    const number = (made.count += 1);
    made.idempotent.push(options.idempotent === true);
    made.options.push(options);
    return {
      connect: () => Promise.resolve(void story.push(`connect ${number}`)),
      disconnect: () => Promise.resolve(void story.push(`disconnect ${number}`)),
      send: (batch: ProducerRecord) => {
        sent.push(batch);
        return (answers.shift() ?? (() => Promise.resolve([{ baseOffset: '41' }])))();
      },
    };
  };
  return { kafka: { producer } as unknown as Kafka, made, sent, story };
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

const TOO_LARGE = Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' });
const tooLarge = (): Promise<object[]> => Promise.reject(new Error('retries exceeded', { cause: TOO_LARGE }));

test('what is too large is tried compressed before it is believed: a limit counts compressed bytes', async () => {
  const { kafka, made, sent } = clientAnswering(tooLarge, () => Promise.resolve([{ baseOffset: '8' }]));
  await expect(createPublisher(kafka).publish('retry', record, always)).resolves.toEqual({ offset: 8 });
  expect(sent.map(({ compression }) => compression)).toEqual([CompressionTypes.None, CompressionTypes.GZIP]);
  expect(made.count).toBe(1);
});

test('what the broker takes in no form is told, however often the client has wrapped it', async () => {
  const { kafka, sent } = clientAnswering(...COMPRESSIONS.map(() => tooLarge));
  await expect(createPublisher(kafka).publish('retry', record, always)).resolves.toBe('too_large');
  expect(sent.map(({ compression }) => compression)).toEqual(COMPRESSIONS);
});

test('a write that nobody waits for any more does not keep the producers from being closed', async () => {
  const { kafka, sent } = clientAnswering(() => new Promise<object[]>(() => undefined));
  const publisher = createPublisher(kafka);
  void publisher.publish('retry', record, always);
  await until('it to be sent', () => sent.length === 1);
  await publisher.close();
});

test('a copy is on its way until it is written or has failed, and no partition is on another one’s', async () => {
  const [first, second] = [deferred<object[]>(), deferred<object[]>()];
  const { kafka, sent } = clientAnswering(
    () => first.promise,
    () => second.promise,
  );
  const { publish, isWriting } = createPublisher(kafka);
  expect(isWriting(7)).toBe(false);
  const writes = [publish('retry', record, always), publish('retry', record, always)];
  expect([isWriting(7), isWriting(6)]).toEqual([true, false]);
  first.resolve([{ baseOffset: '1' }]);
  await until('the next one to be sent', () => sent.length === 2);
  expect(isWriting(7)).toBe(true);
  second.reject(new Error('no broker'));
  await Promise.allSettled(writes);
  expect(isWriting(7)).toBe(false);
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

test('an outcome, whose partition is chosen by its key, has no sequence number that another one could take', async () => {
  const { kafka, made } = clientAnswering();
  const { partition, ...outcome } = record;
  const { publish } = createPublisher(kafka);
  await publish('outcome', outcome, always);
  await publish('retry', record, always);
  expect(made.idempotent).toEqual([false, true]);
});

describe('what is asked of the brokers', () => {
  test('is that all in-sync replicas have the record, with its key, its headers and the partition it is for', async () => {
    const { kafka, sent } = clientAnswering();
    const whole = { ...record, key: Buffer.from('k'), headers: { 'notifier-hops': '1' } };
    await createPublisher(kafka).publish('retry', whole, always);
    const { topic, ...message } = whole;
    expect(sent).toEqual([
      { topic, acks: -1, timeout: 10_000, compression: CompressionTypes.None, messages: [message] },
    ]);
  });

  test('of an outcome leaves the partition to its key', async () => {
    const { kafka, sent } = clientAnswering();
    const { partition, ...outcome } = record;
    await createPublisher(kafka).publish('outcome', outcome, always);
    expect(sent[0]?.messages).toEqual([{ key: null, value: Buffer.from('v'), headers: {} }]);
  });

  test('makes no topic, is tried a few times, and keeps its order where it has sequence numbers', async () => {
    const { kafka, made } = clientAnswering();
    const { publish } = createPublisher(kafka);
    const { partition, ...outcome } = record;
    await publish('retry', record, always);
    await publish('outcome', outcome, always);
    const common = { allowAutoTopicCreation: false, retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 } };
    expect(made.options).toMatchObject([
      { ...common, idempotent: true, maxInFlightRequests: 1 },
      { ...common, idempotent: false },
    ]);
    expect(made.options[1], 'outcomes need not wait for each other').not.toHaveProperty('maxInFlightRequests');
  });
});

describe('its connections', () => {
  test('are made ahead of the first record, and used for it', async () => {
    const { kafka, story, sent } = clientAnswering();
    const publisher = createPublisher(kafka);
    await publisher.connect();
    expect([story, sent]).toEqual([['connect 1'], []]);
    await publisher.publish('retry', record, always);
    expect(story).toEqual(['connect 1']);
  });

  test('are closed, both of them, and those that were never made are not', async () => {
    const { kafka, story } = clientAnswering();
    const publisher = createPublisher(kafka);
    await publisher.close();
    const { partition, ...outcome } = record;
    await publisher.publish('retry', record, always);
    await publisher.publish('outcome', outcome, always);
    await publisher.close();
    expect(story).toEqual(['connect 1', 'connect 2', 'disconnect 1', 'disconnect 2']);
  });

  test('after a failure end when nobody sends over them any more', async () => {
    const slow = deferred<object[]>();
    const { kafka, story, sent } = clientAnswering(
      () => slow.promise,
      () => Promise.reject(new Error('no leader')),
    );
    const { publish } = createPublisher(kafka);
    const first = publish('retry', record, always);
    await until('it to be sent', () => sent.length === 1);
    await expect(publish('retry', { ...record, partition: 8 }, always)).rejects.toThrow('no leader');
    await publish('retry', { ...record, partition: 9 }, always);
    expect(story).toEqual(['connect 1', 'connect 2']);
    slow.resolve([{ baseOffset: '5' }]);
    expect(await first).toEqual({ offset: 5 });
    await until('the first one to end', () => story.length === 3);
    expect(story.at(-1)).toBe('disconnect 1');
  });

  test('are given up once for several failures', async () => {
    const [one, other] = [deferred<object[]>(), deferred<object[]>()];
    const { kafka, made, sent } = clientAnswering(
      () => one.promise,
      () => other.promise,
    );
    const { publish } = createPublisher(kafka);
    const failing = [publish('retry', record, always), publish('retry', { ...record, partition: 8 }, always)];
    await until('both to be sent', () => sent.length === 2);
    one.reject(new Error('no leader'));
    await expect(failing[0]).rejects.toThrow('no leader');
    await publish('retry', { ...record, partition: 9 }, always);
    other.reject(new Error('no leader'));
    await expect(failing[1]).rejects.toThrow('no leader');
    await publish('retry', record, always);
    expect(made.count).toBe(2);
  });
});
