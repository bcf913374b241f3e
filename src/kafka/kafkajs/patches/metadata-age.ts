import { privatePart } from '../private-parts.ts';

interface BrokerPool {
  /** Another one after each refresh. */
  readonly metadata: object | null;
  /** Milliseconds. */
  readonly metadataMaxAge: number;
  /** Epoch milliseconds. */
  metadataExpireAt: number | null;
  refreshMetadataIfNecessary: (this: BrokerPool, topics: readonly string[]) => Promise<null>;
}

const { prototype: pool } = privatePart('cluster/brokerPool.js') as { prototype: BrokerPool };
const { refreshMetadataIfNecessary } = pool;

/** What was known when it was last looked at, and since when: monotonic milliseconds. */
const known = new WeakMap<BrokerPool, { readonly metadata: object | null; readonly since: number }>();

/** kafkajs says by the wall clock when it is too old: where that is set back by an hour, added partitions are not seen for an hour. */
pool.refreshMetadataIfNecessary = function (topics) {
  const last = known.get(this);
  if (last?.metadata !== this.metadata) known.set(this, { metadata: this.metadata, since: performance.now() });
  else if (performance.now() - last.since > this.metadataMaxAge) this.metadataExpireAt = null;
  return refreshMetadataIfNecessary.call(this, topics);
};
