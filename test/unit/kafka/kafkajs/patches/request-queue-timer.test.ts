import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/request-queue-timer.ts';

const require = createRequire(import.meta.url);

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

  test('that is throttled goes on in time, wherever the wall clock is set meanwhile', () => {
    const [queue, sent]: [Queue, number[]] = [newQueue(), []];
    queue.maybeThrottle(1_000);
    queue.push(request(1, sent));
    vi.setSystemTime(Date.now() - 1_800_000);
    vi.advanceTimersByTime(900);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(sent).toEqual([1]);
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
