import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/connected-once-understood.ts';

const require = createRequire(import.meta.url);

interface Broker {
  apiVersions: () => Promise<object>;
  lookupRequest(apiKey: number, requests: object): unknown;
  connect(): Promise<void>;
  isConnected(): boolean;
}
const KafkajsBroker = require('kafkajs/src/broker/index.js') as new (options: object) => Broker;
const { requests } = require('kafkajs/src/protocol/requests/index.js') as { requests: { Metadata: object } };
const METADATA = 3;

test('a broker that could not say what it understands is asked again, though its connection has come up by itself', async () => {
  const answers = [() => Promise.reject(new Error('reset')), () => Promise.resolve({ [METADATA]: versions(6) })];
  const connection = { getSupportAuthenticationProtocol: () => false, authenticate: () => Promise.resolve() };
  const connectionPool = {
    isConnected: () => true,
    getConnection: () => Promise.resolve(connection),
    setVersions: () => undefined,
  };
  const logger = { namespace: () => logger, debug: () => undefined };
  const broker = new KafkajsBroker({ connectionPool, logger, nodeId: 1, authenticationTimeout: 1_000 });
  broker.apiVersions = () => (answers.shift() ?? (() => Promise.reject(new Error('asked too often'))))();
  await expect(broker.connect()).rejects.toThrow('reset');
  expect(broker.isConnected()).toBe(false);
  await broker.connect();
  expect(broker.isConnected()).toBe(true);
  expect(() => broker.lookupRequest(METADATA, requests.Metadata)).not.toThrow();
});

function versions(maxVersion: number): object {
  return { minVersion: 0, maxVersion };
}
