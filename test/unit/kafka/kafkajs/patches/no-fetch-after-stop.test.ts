import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/no-fetch-after-stop.ts';

const require = createRequire(import.meta.url);

interface Runner {
  fetch(nodeId: string): Promise<unknown[]>;
}
interface FetchManager {
  start(): Promise<void>;
}
const { prototype } = require('kafkajs/src/consumer/runner.js') as { prototype: Runner };
const createFetchManager = require('kafkajs/src/consumer/fetchManager.js') as (options: object) => FetchManager;

/** A consumer's loops, over a group in which each fetch gives one batch. */
function consumer(running: boolean) {
  const fetched: string[] = [];
  const consumerGroup = {
    fetch: (nodeId: string) => {
      fetched.push(nodeId);
      return Promise.resolve(['batch']);
    },
  };
  const logger = { debug: () => undefined, namespace: () => logger };
  const own = { running, consumerGroup, logger, instrumentationEmitter: { emit: () => undefined } };
  const runner = Object.assign(Object.create(prototype) as Runner, own);
  const loops = createFetchManager({
    logger,
    getNodeIds: () => ['1', '2'],
    fetch: (nodeId: string) => runner.fetch(nodeId),
    handler: () => Promise.resolve(),
  });
  return { runner, loops, fetched };
}

test('loops that begin when their consumer has been stopped end by themselves', async () => {
  const { loops, fetched } = consumer(false);
  await expect(loops.start()).rejects.toThrow('the consumer has been stopped');
  expect(fetched).toEqual([]);
});

test('a consumer that runs fetches as ever', async () => {
  const { runner, fetched } = consumer(true);
  expect(await runner.fetch('2')).toEqual(['batch']);
  expect(fetched).toEqual(['2']);
});
