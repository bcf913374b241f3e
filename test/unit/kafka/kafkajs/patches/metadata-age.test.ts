import { createRequire } from 'node:module';
import { afterEach, expect, test, vi } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/metadata-age.ts';

const require = createRequire(import.meta.url);

interface Pool {
  metadata: object | null;
  metadataExpireAt: number | null;
  refreshMetadata: () => Promise<void>;
  refreshMetadataIfNecessary(topics: readonly string[]): Promise<void>;
}
const BrokerPool = require('kafkajs/src/cluster/brokerPool.js') as new (options: object) => Pool;

const MAX_AGE_MS = 10_000;
const HOUR_MS = 3_600_000;

afterEach(() => void vi.useRealTimers());

test('what is known of the cluster is asked for again in time, wherever the wall clock is set meanwhile', async () => {
  vi.useFakeTimers();
  const logger = { namespace: () => logger };
  const pool = new BrokerPool({ logger, retry: {}, metadataMaxAge: MAX_AGE_MS });
  let refreshes = 0;
  pool.refreshMetadata = () => {
    refreshes += 1;
    pool.metadata = { topicMetadata: [] };
    pool.metadataExpireAt = Date.now() + MAX_AGE_MS;
    return Promise.resolve();
  };
  const looksAfter = async (ms: number): Promise<number> => {
    await vi.advanceTimersByTimeAsync(ms);
    await pool.refreshMetadataIfNecessary([]);
    return refreshes;
  };
  expect(await looksAfter(0)).toBe(1);
  expect(await looksAfter(1)).toBe(1);
  vi.setSystemTime(Date.now() - HOUR_MS);
  expect(await looksAfter(MAX_AGE_MS)).toBe(1);
  expect(await looksAfter(1)).toBe(2);
  expect(await looksAfter(1)).toBe(2);
});
