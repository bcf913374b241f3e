import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Table from 'cli-table3';
import kafkajs from 'kafkajs';
import { startCluster } from '../../deploy/local/cluster.ts';
import { sampleEvents } from '../../src/cli/sample-events.ts';
import { createEmitter } from '../../src/kafka/produce/emitter.ts';
import { startGateway } from '../support/gateway-process.ts';
import { removeTemporaryFolders, rsaKeyPair, signingKeysFolder } from '../support/keys.ts';
import { installNodeUnderTest, nodeUnderTest } from '../support/node-under-test.ts';
import { cpuMicros, residentMiB } from '../support/process-figures.ts';
import { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

/**
 * `npm run bench [-- EVENTS PARTITIONS BACKLOG]`: what an event costs in the whole service beside a bare loop of signing
 * and posting, in CPU time of the process, with broker, registry and gateway in processes of their own; how long a
 * scrape takes; and how much memory the service takes with a backlog.
 */
const EVENTS = Number(process.argv[2] ?? 5_000);
const PARTITIONS = Number(process.argv[3] ?? 12);
const BACKLOG = Number(process.argv[4] ?? 200_000);
const CLIENT_ID = 'SANDBOX_BENCH';
const bare = fileURLToPath(new URL('bare-loop.ts', import.meta.url));

interface Cost {
  readonly cpuMicros: number;
  readonly perSecond: number;
}

installNodeUnderTest();
const cluster = await startCluster();
const { privateKey, publicKey } = rsaKeyPair();
const keysDir = signingKeysFolder({ 1: privateKey });
const gateway = await startGateway(CLIENT_ID, publicKey);
const kafka = new kafkajs.Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: kafkajs.logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();
const source = 'payment-final';
await admin.createTopics({
  topics: [{ topic: source, numPartitions: PARTITIONS, replicationFactor: 1 }],
  waitForLeaders: true,
});
const emitter = await createEmitter(kafka, { url: cluster.registryUrl }, source);
const settings = {
  KAFKA_BROKERS: cluster.bootstrapServers,
  SCHEMA_REGISTRY_URL: cluster.registryUrl,
  CREATE_TOPICS: 'true',
  TOPIC_REPLICATION_FACTOR: '1',
  ...gateway.settings,
  SIGNING_KEYS_DIR: keysDir,
  LOG_LEVEL: 'info',
  // As the image sets them.
  NODE_OPTIONS: '--max-old-space-size=384',
  UV_THREADPOOL_SIZE: '6',
};

try {
  const loop = await costOfBareLoop();
  const service = await ServiceProcess.start(settings);
  await service.ready();
  await send(service, Math.floor(EVENTS / 5));
  const whole = await send(service, EVENTS);
  const scrape = await costOfScrape(service);
  const memory = await memoryWithBacklog(service);
  await service.end();

  const table = new Table({
    head: ['', 'CPU µs/event', 'events/s'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [] },
  });
  table.push(['bare loop', loop.cpuMicros.toFixed(0), loop.perSecond.toFixed(0)]);
  table.push(['service', whole.cpuMicros.toFixed(0), whole.perSecond.toFixed(0)]);
  table.push(['ratio', (whole.cpuMicros / loop.cpuMicros).toFixed(2), (whole.perSecond / loop.perSecond).toFixed(2)]);
  console.log(table.toString());
  console.log(
    `${String(EVENTS)} events, ${String(PARTITIONS)} partitions; resident with a backlog of ${String(BACKLOG)}: ${memory.toFixed(0)} MiB`,
  );
  console.log(
    `a scrape of ${String(scrape.samples)} samples takes ${scrape.ms.toFixed(1)} ms (at most 20 with 50 partitions)`,
  );
} finally {
  await emitter.close();
  await admin.disconnect();
  gateway.stop();
  await cluster.stop();
  removeTemporaryFolders();
}

async function costOfBareLoop(): Promise<Cost> {
  const key = join(keysDir, '1.pem');
  const args = [
    '--import',
    'tsx',
    bare,
    gateway.settings.GATEWAY_URL,
    gateway.settings.GATEWAY_CA_FILE,
    key,
    CLIENT_ID,
    String(EVENTS),
    String(PARTITIONS),
  ];
  const { stdout } = await promisify(execFile)(nodeUnderTest(), args);
  return JSON.parse(stdout) as Cost;
}

/** Asks the brokers how far the service is: asking the service would be part of what is measured. */
async function committed(): Promise<number> {
  const [offsets] = await admin.fetchOffsets({ groupId: 'payment-notifier', topics: [source] });
  return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

async function send(service: ServiceProcess, count: number): Promise<Cost> {
  const before = await committed();
  const cpuBefore = cpuMicros(service.pid);
  const began = performance.now();
  await emitter.emit([...sampleEvents(count)]);
  await until('the events to be settled', async () => (await committed()) >= before + count, {
    everyMs: 100,
    withinMs: 300_000,
  });
  return {
    cpuMicros: (cpuMicros(service.pid) - cpuBefore) / count,
    perSecond: count / ((performance.now() - began) / 1_000),
  };
}

/** The median of many, as Prometheus waits for it. */
async function costOfScrape(service: ServiceProcess): Promise<{ samples: number; ms: number }> {
  const took: number[] = [];
  let samples = 0;
  for (let scrape = 0; scrape < 51; scrape += 1) {
    const began = performance.now();
    const { body } = await service.get('/metrics');
    took.push(performance.now() - began);
    samples = body.split('\n').filter((line) => /^\w/.test(line)).length;
  }
  return { samples, ms: took.sort((a, b) => a - b)[25] ?? NaN };
}

/** Resident MiB at the highest of some thousand events into the backlog. */
async function memoryWithBacklog(service: ServiceProcess): Promise<number> {
  for (let written = 0; written < BACKLOG; written += 10_000) await emitter.emit([...sampleEvents(10_000)]);
  let highest = 0;
  const start = await committed();
  await until(
    'part of the backlog to be worked on',
    async () => {
      highest = Math.max(highest, residentMiB(service.pid));
      return (await committed()) > start + 5_000;
    },
    { everyMs: 100, withinMs: 120_000 },
  );
  return highest;
}
