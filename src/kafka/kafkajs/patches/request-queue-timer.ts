import { privatePart } from '../private-parts.ts';

/** kafkajs arms a timer of 0 ms after every request of every connection, for ever; it is needed only while requests wait. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

const { prototype: queue } = privatePart('network/requestQueue/index.js') as { prototype: RequestQueue };
const { scheduleCheckPendingRequests } = queue;
queue.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
};
