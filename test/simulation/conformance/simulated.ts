import { kafkajs } from '../../../src/kafka/kafkajs/patched.ts';
import { ANONYMOUS, Cluster } from '../brokers/cluster.ts';
import type { Settings } from '../brokers/settings.ts';
import { PASSWORD, USER } from './common-settings.ts';
import { directSockets } from './direct-sockets.ts';
import { RawClient } from './raw-client.ts';
import type { Brokers } from './stage.ts';

/** As the tests' own real brokers are set. */
const SETTINGS: Partial<Settings> = {
  initialRebalanceDelayMs: 0,
  minSessionTimeoutMs: 1_000,
  coordinatorPartitions: 4,
};

/** Simulated brokers as scripts are played to them. */
export function simulatedBrokers(count: number, initialRebalanceDelayMs: number): Brokers {
  const settings = { ...SETTINGS, initialRebalanceDelayMs };
  const cluster = new Cluster({ brokers: count, random: pseudoRandom(7), settings, users: { [USER]: PASSWORD } });
  const granted = new Set<string>();
  cluster.setRights((principal, operation, { type, name }) => {
    return principal === ANONYMOUS || granted.has(`${operation} ${type} ${name}`);
  });
  return {
    nodes: Array.from({ length: count }, (_, at) => at + 1),
    connect: (node, clientId, isGuarded) =>
      new Promise((resolve) => {
        const socket = directSockets(cluster, { isGuarded })({
          ...{ host: `broker-${node}`, port: 9_092, ssl: {} },
          onConnect: () => resolve(new RawClient(socket, clientId)),
        });
      }),
    kafka: (clientId) =>
      new kafkajs.Kafka({
        ...{ clientId, brokers: cluster.addresses, socketFactory: directSockets(cluster) },
        logLevel: kafkajs.logLevel.NOTHING,
      }),
    grant: (operation, type, name) => {
      granted.add(`${operation} ${type} ${name}`);
      return Promise.resolve();
    },
    moveLeader: (topic, partition, to) => {
      cluster.moveLeader(topic, partition, to);
      return Promise.resolve();
    },
  };
}

/** Numbers that look random, the same ones for a seed. */
export function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}
