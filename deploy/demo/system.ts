import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Kafka } from 'kafkajs';
import { createKafka } from '../../src/kafka/kafkajs/client.ts';
import { createEmitter, type Emitter } from '../../src/kafka/produce/emitter.ts';
import { askService } from '../../src/operate/service-status.ts';
import { startSimulator, type Simulator } from '../../src/simulator/gateway.ts';
import type { ProfilesAtHand } from '../../src/simulator/player.ts';
import type { ReceivedRequest } from '../../src/simulator/request-log.ts';
import { startCluster, type Cluster } from '../local/cluster.ts';
import { demoTopics, type Scope } from './evidence.ts';
import { DemoService, type LogLine } from './service.ts';
import { freePorts } from '../local/ports.ts';
import { makeRunFolder, removeFolder } from '../local/run-folders.ts';

const CLIENT_ID = 'SANDBOX_DEMO';
const KEY_VERSION = '1';

/** Delays of the retry tiers of the demo. */
export const RETRY_DELAYS = '2s,5s';

/** How long the service waits for an answer in the demo, in milliseconds. */
export const GATEWAY_TIMEOUT_MS = 2_000;

/** What is undone at the end, newest first. */
export class Closers {
  readonly #stack: (() => Promise<unknown>)[] = [];

  add(close: () => Promise<unknown>): void {
    this.#stack.push(close);
  }

  /** Closes everything, whatever fails on the way; may be called again. */
  async run(): Promise<void> {
    for (let close = this.#stack.pop(); close !== undefined; close = this.#stack.pop()) {
      await close().catch((error: unknown) => console.error(error));
    }
  }
}

/** A broker, a registry and a gateway on this machine, and the means to write to them and to look into them. */
export interface Surroundings extends Scope {
  readonly cluster: Cluster;
  readonly simulator: Simulator;
  readonly emitter: Emitter;
  readonly runFolder: string;
  /** Where the service serves its probes. */
  readonly servicePort: number;
  /** Of the service. */
  readonly settings: Readonly<Record<string, string>>;
  /** Writes bytes as they are; gives the record's `partition:offset`. */
  readonly writeBytes: (key: string, value: Buffer) => Promise<string>;
}

/** How the surroundings are made. */
export interface SurroundingsOptions {
  readonly partitions: number;
  /** The gateway plays the first; its page can load each. */
  readonly profiles: ProfilesAtHand;
  readonly onRequest: (request: ReceivedRequest) => void;
  readonly signal: AbortSignal;
}

/** Starts all that the service needs around it. A cluster that was there before gets topics of its own for the demo. */
export async function startSurroundings(options: SurroundingsOptions, closers: Closers): Promise<Surroundings> {
  const cluster = await startCluster();
  closers.add(() => cluster.stop());
  const runFolder = await makeRunFolder();
  closers.add(() => removeFolder(runFolder));
  options.signal.throwIfAborted();
  const keys = makeKeys(runFolder);
  const [servicePort = 0] = await freePorts(1);
  const where = `http://127.0.0.1:${servicePort}`;
  const simulator = await startSimulator({
    clientId: CLIENT_ID,
    publicKey: keys.publicDir,
    stateDir: `${runFolder}/simulator`,
    profiles: options.profiles,
    service: { where, ask: () => askService(where, options.signal) },
    onRequest: options.onRequest,
  });
  closers.add(() => simulator.stop());

  const kafka = createKafka(
    { brokers: cluster.bootstrapServers.split(','), clientId: 'payment-notifier-demo', ssl: false },
    () => () => undefined,
  );
  const source = cluster.external ? `payment-final-demo-${randomUUID().slice(0, 8)}` : 'payment-final';
  const group = cluster.external ? source : 'payment-notifier';
  const { admin, writeBytes } = await openTopics(kafka, source, options.partitions, closers);
  const scope = { kafka, admin, source, group, registryUrl: cluster.registryUrl };
  if (cluster.external) closers.add(() => removeTraces(scope));
  const emitter = await createEmitter(kafka, { url: cluster.registryUrl }, source);
  closers.add(() => emitter.close());
  options.signal.throwIfAborted();
  return {
    ...{ ...scope, cluster, simulator, emitter, runFolder, servicePort, writeBytes },
    settings: {
      KAFKA_BROKERS: cluster.bootstrapServers,
      KAFKA_GROUP_ID: group,
      SCHEMA_REGISTRY_URL: cluster.registryUrl,
      SOURCE_TOPIC: source,
      CREATE_TOPICS: 'true',
      TOPIC_REPLICATION_FACTOR: '1',
      RETRY_DELAYS,
      GATEWAY_URL: simulator.url,
      GATEWAY_CLIENT_ID: CLIENT_ID,
      GATEWAY_CA_FILE: simulator.caFile,
      GATEWAY_TIMEOUT: `${GATEWAY_TIMEOUT_MS}ms`,
      SIGNING_KEYS_DIR: keys.privateDir,
      GATEWAY_PUBLIC_KEYS_DIR: simulator.publicKeysDir,
    },
  };
}

/** Starts the service and waits until it has joined its group. */
export async function startDemoService(
  { settings, runFolder, servicePort }: Surroundings,
  onLine: (line: LogLine) => void,
  closers: Closers,
  signal: AbortSignal,
): Promise<DemoService> {
  const service = new DemoService({ settings, port: servicePort, runFolder, onLine });
  closers.add(() => service.kill());
  await service.ready(signal);
  return service;
}

/** A private key for the service, and its public half for the gateway. */
function makeKeys(runFolder: string): { privateDir: string; publicDir: string } {
  const dirs = { privateDir: `${runFolder}/signing-keys`, publicDir: `${runFolder}/client-public` };
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  for (const dir of Object.values(dirs)) mkdirSync(dir);
  writeFileSync(`${dirs.privateDir}/${KEY_VERSION}.pem`, privateKey, { mode: 0o600 });
  writeFileSync(`${dirs.publicDir}/${KEY_VERSION}.pem`, publicKey);
  return dirs;
}

async function openTopics(
  kafka: Kafka,
  source: string,
  partitions: number,
  closers: Closers,
): Promise<Pick<Surroundings, 'admin' | 'writeBytes'>> {
  const admin = kafka.admin();
  await admin.connect();
  closers.add(() => admin.disconnect());
  await admin.createTopics({
    topics: [{ topic: source, numPartitions: partitions, replicationFactor: 1 }],
    waitForLeaders: true,
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  closers.add(() => producer.disconnect());
  return {
    admin,
    writeBytes: async (key, value) => {
      const [written] = await producer.send({ topic: source, messages: [{ key, value }] });
      return `${written?.partition ?? '?'}:${written?.baseOffset ?? '?'}`;
    },
  };
}

/** Leaves a cluster that is not ours as it was. */
async function removeTraces(scope: Scope): Promise<void> {
  await scope.admin.deleteTopics({ topics: await demoTopics(scope) });
  await scope.admin.deleteGroups([scope.group]);
  await fetch(`${scope.registryUrl}/subjects/${scope.source}-value`, { method: 'DELETE' });
}
