import { connect, type Socket } from 'node:net';
import kafkajs, { type ISocketFactory } from 'kafkajs';
import { expect, test } from 'vitest';
import { createPublisher } from '../../src/kafka/produce/publisher.ts';
import { World } from '../support/world.ts';

const PRODUCE = 0;
const COUNT = 20;

test('a connection that ends before it has told of a written record: all others are written as well, and each once', async () => {
  const world = await World.create({ partitions: 1 });
  const { socketFactory, lost } = losingOneAcknowledgement();
  const brokers = (world.settings['KAFKA_BROKERS'] ?? '').split(',');
  const publisher = createPublisher(
    new kafkajs.Kafka({ brokers, socketFactory, logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 5 } }),
  );

  const names = Array.from({ length: COUNT }, (_, number) => `record ${number}`);
  const written = await Promise.all(
    names.map(async (name) => {
      const record = { topic: world.source, partition: 0, key: null, value: Buffer.from(name), headers: {} };
      const at = await publisher.publish('retry', record, () => undefined);
      return { offset: at === 'too_large' ? -1 : at.offset, value: name };
    }),
  );
  await publisher.close();

  expect(lost()).toBe(true);
  const standing = (await world.records('')).map(({ offset, value }) => ({ offset, value: value?.toString() }));
  expect(written.sort((a, b) => a.offset - b.offset)).toEqual(standing);
});

/** Connections of which the first to hear that something was written ends instead. */
function losingOneAcknowledgement(): { socketFactory: ISocketFactory; lost: () => boolean } {
  let lost = false;
  const listening = (socket: Socket): Socket => {
    const write = socket.write.bind(socket) as (bytes: Buffer, encoding: BufferEncoding) => boolean;
    const emit = socket.emit.bind(socket) as (event: string, ...values: unknown[]) => boolean;
    let produced = false;
    return Object.assign(socket, {
      write: (bytes: Buffer, encoding: BufferEncoding) => {
        produced ||= bytes.readInt16BE(4) === PRODUCE;
        return write(bytes, encoding);
      },
      emit: (event: string, ...values: unknown[]) => {
        if (event !== 'data' || !produced || lost) return emit(event, ...values);
        lost = true;
        socket.destroy(new Error('read ECONNRESET'));
        return true;
      },
    });
  };
  return {
    socketFactory: ({ host, port, onConnect }) => listening(connect({ host, port }, onConnect)),
    lost: () => lost,
  };
}
