import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/request-timeout.ts';

const require = createRequire(import.meta.url);

interface Queue {
  push(request: object): void;
  scheduleRequestTimeoutCheck(): void;
  destroy(): void;
}
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => Queue;

const TIMEOUT_MS = 5_000;
const HOUR_MS = 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A request that nobody answers, and what becomes of it. */
function unanswered({ enforceRequestTimeout = true } = {}): { readonly queue: Queue; readonly failures: string[] } {
  const queue = new RequestQueue({
    ...{ maxInFlightRequests: 1, requestTimeout: TIMEOUT_MS, enforceRequestTimeout, clientId: 'c', broker: 'b' },
    logger: { debug: () => undefined },
  });
  const failures: string[] = [];
  queue.scheduleRequestTimeoutCheck();
  queue.push({
    entry: {
      ...{ correlationId: 1, apiKey: 8, apiName: 'OffsetCommit', resolve: () => undefined },
      reject: ({ name }: Error) => failures.push(name),
    },
    expectResponse: true,
    sendRequest: () => undefined,
  });
  return { queue, failures };
}

test.each([-HOUR_MS, HOUR_MS])(
  'a request without an answer is given up in time, wherever the wall clock is set meanwhile: by %i ms',
  (step) => {
    const { queue, failures } = unanswered();
    vi.setSystemTime(Date.now() + step);
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(failures).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(failures).toEqual(['KafkaJSRequestTimeoutError']);
    queue.destroy();
    expect(vi.getTimerCount()).toBe(0);
  },
);

test('where no time is set for requests, none is given up', () => {
  const { failures } = unanswered({ enforceRequestTimeout: false });
  vi.advanceTimersByTime(HOUR_MS);
  expect(failures).toEqual([]);
});
