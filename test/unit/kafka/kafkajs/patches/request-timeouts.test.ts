import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/request-queue-timer.ts';
import '../../../../../src/kafka/kafkajs/patches/request-timeouts.ts';

const require = createRequire(import.meta.url);

interface Queue {
  push(request: object): void;
  scheduleRequestTimeoutCheck(): void;
  fulfillRequest(answer: { correlationId: number; size: number; payload: Buffer }): void;
  destroy(): void;
}
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => Queue;

/** A connection's queue, and the numbers of the requests that were given up. */
function newQueue(maxInFlightRequests?: number) {
  const queue = new RequestQueue({
    ...{ maxInFlightRequests, requestTimeout: 30_000, enforceRequestTimeout: true },
    ...{ clientId: 'c', broker: 'b', logger: { debug: () => undefined } },
  });
  queue.scheduleRequestTimeoutCheck();
  const givenUp: number[] = [];
  const send = (correlationId: number, requestTimeout?: number): void => {
    const reject = (): void => void givenUp.push(correlationId);
    const entry = { correlationId, apiKey: 1, apiName: 'Fetch', apiVersion: 11, resolve: () => undefined, reject };
    queue.push({ entry, requestTimeout, expectResponse: true, sendRequest: () => undefined });
  };
  const answer = (correlationId: number): void =>
    queue.fulfillRequest({ correlationId, size: 0, payload: Buffer.alloc(0) });
  return { queue, givenUp, send, answer };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a request without an answer', () => {
  test('is given up in time, wherever the wall clock is set meanwhile', () => {
    const { givenUp, send } = newQueue();
    send(1);
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(29_000);
    expect(givenUp).toEqual([]);
    vi.setSystemTime(Date.now() - 7_200_000);
    vi.advanceTimersByTime(1_001);
    expect(givenUp).toEqual([1]);
  });

  test('has its own time, however long the one before it may take', () => {
    const { givenUp, send } = newQueue();
    send(1, 70_000);
    vi.advanceTimersByTime(35_000);
    send(2);
    vi.advanceTimersByTime(30_001);
    expect(givenUp).toEqual([2]);
    vi.advanceTimersByTime(5_000);
    expect(givenUp).toEqual([2, 1]);
  });

  test('makes room for the next one, which has its time from when it is sent', () => {
    const { givenUp, send } = newQueue(1);
    send(1);
    send(2);
    vi.advanceTimersByTime(30_001);
    expect(givenUp).toEqual([1]);
    vi.advanceTimersByTime(29_900);
    expect(givenUp).toEqual([1]);
    vi.advanceTimersByTime(101);
    expect(givenUp).toEqual([1, 2]);
  });
});

describe('a connection', () => {
  test('arms no timer before its first request, and none when a while has passed since its last one', () => {
    const { givenUp, send, answer } = newQueue();
    expect(vi.getTimerCount()).toBe(0);
    send(1);
    answer(1);
    vi.advanceTimersByTime(30_001);
    expect([givenUp, vi.getTimerCount()]).toEqual([[], 0]);
  });

  test('that has ended holds none, and arms one again when it is used again', () => {
    const { queue, givenUp, send, answer } = newQueue();
    send(1);
    answer(1);
    queue.destroy();
    expect(vi.getTimerCount()).toBe(0);
    send(2);
    vi.advanceTimersByTime(30_001);
    expect(givenUp).toEqual([2]);
  });
});
