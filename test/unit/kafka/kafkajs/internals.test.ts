import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import '../../../../src/kafka/kafkajs/internals.ts';
import { batchOf } from '../../../support/record-batches.ts';

const require = createRequire(import.meta.url);
const kafkajs = require('kafkajs/package.json') as { version: string };

interface Queue {
  readonly pending: unknown[];
  push(request: { entry: { correlationId: number }; sendRequest: () => void; expectResponse: boolean }): void;
  scheduleCheckPendingRequests(): void;
  checkPendingRequests(): void;
  fulfillRequest(answer: { correlationId: number; size: number; payload: Buffer }): void;
  maybeThrottle(ms: number): void;
}
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => Queue;

function newQueue(maxInFlightRequests = 1): Queue {
  return new RequestQueue({
    maxInFlightRequests,
    requestTimeout: 30_000,
    enforceRequestTimeout: false,
    clientId: 'c',
    broker: 'b',
    logger: { debug: () => undefined },
  });
}

describe('a connection without waiting requests', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function request(correlationId: number, sent: number[]) {
    return {
      entry: { correlationId, apiKey: 1, apiName: 'Fetch', resolve: () => undefined, reject: () => undefined },
      expectResponse: true,
      sendRequest: () => sent.push(correlationId),
    };
  }

  test('arms no timer', () => {
    const queue = newQueue();
    queue.scheduleCheckPendingRequests();
    queue.checkPendingRequests();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('arms none for a request that leaves at once and is answered', () => {
    const [queue, sent]: [Queue, number[]] = [newQueue(), []];
    queue.push(request(1, sent));
    queue.fulfillRequest({ correlationId: 1, size: 0, payload: Buffer.alloc(0) });
    expect([sent, vi.getTimerCount()]).toEqual([[1], 0]);
  });

  test('still sends a request that had to wait for the one before', () => {
    const [queue, sent]: [Queue, number[]] = [newQueue(), []];
    queue.push(request(1, sent));
    queue.push(request(2, sent));
    expect(sent).toEqual([1]);
    queue.fulfillRequest({ correlationId: 1, size: 0, payload: Buffer.alloc(0) });
    vi.advanceTimersByTime(20);
    expect(sent).toEqual([1, 2]);
    queue.fulfillRequest({ correlationId: 2, size: 0, payload: Buffer.alloc(0) });
    vi.advanceTimersByTime(20);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('still sends a request that the broker made wait', () => {
    const [queue, sent]: [Queue, number[]] = [newQueue(), []];
    queue.maybeThrottle(500);
    queue.push(request(1, sent));
    vi.advanceTimersByTime(400);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(200);
    expect([sent, vi.getTimerCount()]).toEqual([[1], 0]);
  });
});

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

describe('the one version whose inner parts are known', () => {
  const installed = kafkajs.version;
  afterEach(() => {
    kafkajs.version = installed;
    vi.resetModules();
  });

  test('is the one that is installed and pinned', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(dependencies['kafkajs']).toBe(installed);
  });

  test.each(['2.2.3', '2.2.5', '2.3.0', '3.0.0', '2.2.4-beta.1'])('is refused as %s', async (version) => {
    vi.resetModules();
    kafkajs.version = version;
    await expect(import('../../../../src/kafka/kafkajs/internals.ts')).rejects.toThrow(
      `kafkajs ${version} is installed`,
    );
  });
});
