import { privatePart } from '../private-parts.ts';

interface RequestQueue {
  readonly pending: readonly unknown[];
  /** Epoch milliseconds. */
  throttledUntil: number;
  maybeThrottle: (this: RequestQueue, ms: number | null) => void;
  canSendSocketRequestImmediately: (this: RequestQueue) => boolean;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

const { prototype: queue } = privatePart('network/requestQueue/index.js') as { prototype: RequestQueue };
const { canSendSocketRequestImmediately, scheduleCheckPendingRequests } = queue;

/** Until when brokers want nothing more, in monotonic milliseconds. */
const throttledUntil = new WeakMap<RequestQueue, number>();

/** kafkajs arms a timer of 0 ms after every request of every connection, for ever; it is needed only while requests wait. */
queue.scheduleCheckPendingRequests = function () {
  if (this.pending.length === 0) return;
  showThrottle(this);
  scheduleCheckPendingRequests.call(this);
};

/** kafkajs counts a throttle by the wall clock: an hour that it is set back is an hour in which nothing is sent. */
queue.maybeThrottle = function (ms) {
  if (ms === null || ms <= 0) return;
  throttledUntil.set(this, Math.max(throttledUntil.get(this) ?? 0, performance.now() + ms));
};

queue.canSendSocketRequestImmediately = function () {
  showThrottle(this);
  return canSendSocketRequestImmediately.call(this);
};

/** What is left of the throttle, as kafkajs looks at it, in whole milliseconds: timers know no shorter ones. */
function showThrottle(throttled: RequestQueue): void {
  throttled.throttledUntil = Date.now() + Math.ceil((throttledUntil.get(throttled) ?? 0) - performance.now());
}
