import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/fetch-as-bytes.ts';
import { batchOf } from '../../../../support/record-batches.ts';

const require = createRequire(import.meta.url);

describe('what a broker answers to a fetch', () => {
  interface Encoder {
    readonly buffer: Buffer;
    writeInt16(value: number): Encoder;
    writeInt32(value: number): Encoder;
    writeInt64(value: number): Encoder;
    writeString(value: string): Encoder;
    writeBytes(value: Buffer): Encoder;
    writeEncoder(value: Encoder): Encoder;
  }
  const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => Encoder;
  const Broker = require('kafkajs/src/broker/index.js') as {
    prototype: {
      fetch(this: object, query: object): Promise<{ responses: { partitions: { messages: unknown }[] }[] }>;
    };
  };

  /** An answer that holds these batches of one partition, as versions 4 to 11 of the protocol write it. */
  function answerOf(version: number, batches: Buffer): Buffer {
    const answer = new Encoder().writeInt32(0);
    if (version >= 7) answer.writeInt16(0).writeInt32(0);
    answer.writeInt32(1).writeString('pay').writeInt32(1).writeInt32(0).writeInt16(0).writeInt64(100).writeInt64(100);
    if (version >= 5) answer.writeInt64(0);
    answer.writeInt32(0);
    if (version >= 11) answer.writeInt32(-1);
    return answer.writeBytes(batches).buffer;
  }

  /** What kafkajs makes of the answer to a fetch from this offset on. */
  async function fetched(version: number, batches: Buffer, fetchOffset: string): Promise<unknown> {
    const { decode } = require(`kafkajs/src/protocol/requests/fetch/v${version}/response.js`) as {
      decode: (bytes: Buffer) => unknown;
    };
    const connected = Object.assign(Object.create(Broker.prototype) as object, {
      lookupRequest: () => () => undefined,
    });
    const send = Object.getOwnPropertySymbols(Broker.prototype).find(({ description }) =>
      description?.includes('send'),
    );
    Object.assign(connected, { [send ?? '']: () => Promise.resolve(decode(answerOf(version, batches))) });
    const topics = [{ topic: 'pay', partitions: [{ partition: 0, fetchOffset, maxBytes: 1 }] }];
    const answer = await Broker.prototype.fetch.call(connected, { topics });
    return answer.responses[0]?.partitions[0]?.messages;
  }

  test.each([4, 5, 6, 7, 8, 9, 10, 11])('is read by us from where it was asked for, in version %i', async (version) => {
    const [sound, wrong] = [await batchOf(7, ['a', 'b', 'c']), await batchOf(10, ['d'])];
    wrong.writeUInt8(0x58, wrong.length - 3);
    const messages = await fetched(version, Buffer.concat([sound, wrong]), '8');
    expect(messages).toMatchObject([{ offset: '8' }, { offset: '9' }]);
    expect(await fetched(version, wrong, '10')).toHaveProperty('corrupt.offset', 10);
    expect(await fetched(version, Buffer.alloc(0), '10')).toEqual([]);
  });
});
