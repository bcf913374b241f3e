import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { findCoordinator, hangUp } from '../../../../src/kafka/kafkajs/coordinator.ts';
import { errorType, isCoordinatorGone, isGivenUp } from '../../../../src/kafka/kafkajs/errors.ts';
import { privatePart } from '../../../../src/kafka/kafkajs/private-parts.ts';
import type { Broker, ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';

const SILENCE = new Promise<never>(() => undefined);

/** Brokers that answer as told who coordinates the group, and what kafkajs itself would say. */
function groupOf(answers: Readonly<Record<string, () => Promise<number>>>): ConsumerGroup {
  const broker = (nodeId: string) => ({
    nodeId,
    findGroupCoordinator: async () => ({ coordinator: { nodeId: await answers[nodeId]?.() } }),
  });
  return {
    groupId: 'g',
    coordinator: null,
    cluster: {
      getNodeIds: () => Object.keys(answers),
      findBroker: ({ nodeId }: { nodeId: string }) => Promise.resolve(broker(nodeId)),
      findGroupCoordinator: () => Promise.resolve(broker('whom kafkajs finds')),
    },
  } as unknown as ConsumerGroup;
}

test('a broker that is silent keeps nobody from finding the coordinator', async () => {
  const group = groupOf({ 1: () => SILENCE, 2: () => Promise.reject(new Error('away')), 3: () => Promise.resolve(2) });
  expect(await findCoordinator(group)).toMatchObject({ nodeId: '2' });
  expect(group.coordinator).toMatchObject({ nodeId: '2' });
});

test('where no broker can say it, kafkajs looks for others', async () => {
  const group = groupOf({ 1: () => Promise.reject(new Error('away')) });
  expect(await findCoordinator(group)).toMatchObject({ nodeId: 'whom kafkajs finds' });
});

test('hanging up on a broker that takes requests and answers none ends what waits for it, as a coordinator that is gone', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  const heard = new Promise<void>((resolve) => {
    server.on('connection', (socket) => socket.on('error', () => undefined).once('data', () => resolve()));
  });
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const pool = connectionsTo((server.address() as AddressInfo).port);
  const asked = pool.send(apiVersions());
  await heard;
  const ended = asked.catch((error: unknown) => error);
  hangUp({ connectionPool: pool } as unknown as Broker);
  const error = await ended;
  expect([isCoordinatorGone(error), isGivenUp(error), errorType(error)]).toEqual([true, true, undefined]);
  expect(pool.isConnected()).toBe(false);
});

interface Pool {
  send(request: unknown): Promise<unknown>;
  isConnected(): boolean;
}

function connectionsTo(port: number): Pool {
  const log = { namespace: () => log, debug: () => undefined, error: () => undefined };
  const ConnectionPool = privatePart('network/connectionPool.js') as new (options: object) => Pool;
  const socketFactory = privatePart('network/socketFactory.js') as () => unknown;
  return new ConnectionPool({
    host: '127.0.0.1',
    port,
    logger: log,
    socketFactory: socketFactory(),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
  });
}

function apiVersions(): unknown {
  const { protocol } = privatePart('protocol/requests/apiVersions/index.js') as {
    protocol: (options: { version: number }) => () => unknown;
  };
  return protocol({ version: 0 })();
}
