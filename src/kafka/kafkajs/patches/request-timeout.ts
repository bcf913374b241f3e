import { privatePart } from '../private-parts.ts';

interface SocketRequest {
  /** Milliseconds. */
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

interface RequestQueue {
  readonly enforceRequestTimeout: boolean;
  /** Milliseconds. */
  readonly requestTimeout: number;
  readonly inflight: ReadonlyMap<number, SocketRequest>;
  requestTimeoutIntervalId: NodeJS.Timeout;
  isConnected(): boolean;
  destroy(): void;
  sendSocketRequest: (this: RequestQueue, request: SocketRequest) => void;
  scheduleRequestTimeoutCheck: (this: RequestQueue) => void;
}

const CHECK_MS = 100;

const { prototype: queue } = privatePart('network/requestQueue/index.js') as { prototype: RequestQueue };
const { sendSocketRequest } = queue;

/** When each request was sent, in monotonic milliseconds. */
const sentAt = new WeakMap<SocketRequest, number>();

queue.sendSocketRequest = function (request) {
  sentAt.set(request, performance.now());
  sendSocketRequest.call(this, request);
};

/** kafkajs counts by the wall clock: one set forward gives up every request, one set back waits as long for a silent broker. */
queue.scheduleRequestTimeoutCheck = function () {
  if (!this.enforceRequestTimeout) return;
  this.destroy();
  this.requestTimeoutIntervalId = setInterval(
    () => {
      const now = performance.now();
      for (const request of [...this.inflight.values()]) {
        if (now - (sentAt.get(request) ?? now) > request.requestTimeout) request.timeoutRequest();
      }
      if (!this.isConnected()) this.destroy();
    },
    Math.min(this.requestTimeout, CHECK_MS),
  );
};
