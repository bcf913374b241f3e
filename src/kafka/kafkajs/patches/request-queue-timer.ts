import { privatePart } from '../private-parts.ts';

/**
 * kafkajs arms a timer of 0 ms after every request of every connection, for ever; it is needed only while requests wait. And
 * where a broker asks it to keep still for a while, it does so by the wall clock: set back by half an hour meanwhile, that
 * keeps the connection still for as long.
 */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, unknown>;
  readonly maxInFlightRequests: number | null;
  /** Monotonic milliseconds. */
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
  maybeThrottle: (this: RequestQueue, ms: number | null) => void;
  canSendSocketRequestImmediately: (this: RequestQueue) => boolean;
}

/** How often requests are looked at that wait for others. */
const LOOKS_EVERY_MS = 10;

const { prototype: queue } = privatePart('network/requestQueue/index.js') as { prototype: RequestQueue };

queue.maybeThrottle = function (ms) {
  if (ms !== null && ms > 0) this.throttledUntil = Math.max(this.throttledUntil, performance.now() + ms);
};

queue.canSendSocketRequestImmediately = function () {
  const isFull = this.maxInFlightRequests !== null && this.inflight.size >= this.maxInFlightRequests;
  return !isFull && this.throttledUntil <= performance.now();
};

queue.scheduleCheckPendingRequests = function () {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
  const restMs = this.throttledUntil - performance.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    restMs > 0 ? restMs : LOOKS_EVERY_MS,
  );
};
