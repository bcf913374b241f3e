import { privatePart } from '../private-parts.ts';

interface SocketRequest {
  /** Milliseconds; the queue's at least. */
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

interface RequestQueue {
  readonly inflight: ReadonlyMap<number, SocketRequest>;
  /** Milliseconds. */
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  requestTimeoutIntervalId: NodeJS.Timeout | undefined;
  scheduleRequestTimeoutCheck: (this: RequestQueue) => void;
  sendSocketRequest: (this: RequestQueue, request: SocketRequest) => void;
  destroy: (this: RequestQueue) => void;
}

const { prototype: queue } = privatePart('network/requestQueue/index.js') as { prototype: RequestQueue };
const { sendSocketRequest, destroy } = queue;

/** In monotonic milliseconds. */
const sentAt = new WeakMap<SocketRequest, number>();

/** kafkajs looks ten times a second on every connection, for ever, and by the wall clock. */
queue.scheduleRequestTimeoutCheck = () => undefined;

queue.sendSocketRequest = function (request) {
  sentAt.set(request, performance.now());
  sendSocketRequest.call(this, request);
  if (this.enforceRequestTimeout && this.inflight.size > 0) lookAfter(this, this.requestTimeout);
};

queue.destroy = function () {
  destroy.call(this);
  this.requestTimeoutIntervalId = undefined;
};

/** One timer at most: none that is sent meanwhile is due earlier, as long as it is no further ahead than the queue's time. */
function lookAfter(watched: RequestQueue, ms: number): void {
  watched.requestTimeoutIntervalId ??= setTimeout(() => {
    for (const request of watched.inflight.values()) if (leftMs(request) <= 0) request.timeoutRequest();
    watched.requestTimeoutIntervalId = undefined;
    const left = [...watched.inflight.values()].map(leftMs);
    if (left.length > 0) lookAfter(watched, Math.min(watched.requestTimeout, ...left));
  }, Math.ceil(ms));
}

function leftMs(request: SocketRequest): number {
  return (sentAt.get(request) ?? 0) + request.requestTimeout - performance.now();
}
