import { createRequire } from 'node:module';
import { BARRIER_MARGIN_MS, type Config } from '../settings/load.ts';
import { Misconfigured } from '../core/misconfigured.ts';
import { Topology } from '../core/topology.ts';
import { KeyRing } from '../http/key-ring.ts';
import type { LoadedKeys } from '../http/key-set.ts';
import { watchKeys } from '../http/key-watch.ts';
import { createSender } from '../http/sender.ts';
import { brokerRemedy, createKafka } from '../kafka/kafkajs/client.ts';
import { GroupConsumer } from '../kafka/consumer.ts';
import { createDecoder } from '../kafka/avro/decoder.ts';
import { GroupTaken } from '../kafka/kafkajs/offsets.ts';
import { createPublisher } from '../kafka/produce/publisher.ts';
import { registryRemedy } from '../kafka/avro/registry.ts';
import { prepareTopics, retentionMs, type Topics } from '../kafka/topics/topics.ts';
import { startAdminServer, type Checks } from '../ops/admin-server.ts';
import { kafkaLogCreator } from '../ops/kafka-log.ts';
import { createLog, type Log } from '../ops/log.ts';
import { createMetrics } from '../ops/metrics.ts';
import { AllParkedKeys } from '../pipeline/all-parked-keys.ts';
import { Gate } from '../pipeline/gate.ts';
import { Abandoned, type Observe, type Ports } from '../pipeline/ports.ts';
import { processRecord } from '../pipeline/process-record.ts';
import { untilDone } from '../pipeline/waiting.ts';
import { sampleLanes } from './sampling.ts';

/** A service that runs, or tries to. */
export interface Service {
  /** Where probes and metrics are served. */
  readonly port: number;
  /** Rejects with `Misconfigured`, or with the reason for which a running service had to end. */
  readonly failed: Promise<never>;
  /**
   * Drains: finishes, settles and commits what is in flight, leaves the group, closes everything.
   *
   * @returns whether all that had begun was settled and committed
   */
  stop(): Promise<boolean>;
}

const SAMPLE_EVERY_MS = 5_000;
const TICK_EVERY_MS = 1_000;
const CONTACT_WITHIN_MS = 30_000;
const TICKED_WITHIN_MS = 120_000;
const QUIET_MS = 30_000;

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/**
 * Starts the service. Returns as soon as probes answer; connecting goes on behind, for as long as it takes.
 *
 * Throws where the probes' address cannot be listened on.
 */
export async function startService(config: Config, loadedKeys: LoadedKeys): Promise<Service> {
  const log = createLog({ level: config.logLevel });
  const tiers = config.retry.tiers;
  const topology = new Topology({ source: config.source.topic, tiers, outcomes: config.outcomesTopic });
  const metrics = createMetrics({
    version,
    revision: process.env['REVISION'] ?? 'unknown',
    topology,
    tiers: tiers.map(({ name }) => name),
    systemic: config.systemic,
    now: Date.now,
    ...(config.replayBefore !== undefined && { replayBefore: config.replayBefore }),
  });
  const observe: Observe = (fact) => {
    metrics.observe(fact);
    log.observe(fact);
  };
  const parkedKeys = new AllParkedKeys();
  const gate = new Gate({ ...config.gateway, outageHoldAfter: config.outageHoldAfter }, observe);
  const keys = new KeyRing(loadedKeys, observe);
  const sender = createSender({ ...config.gateway, maxSockets: config.gateway.maxInFlight }, keys, Date.now);
  const kafka = createKafka(config.kafka, kafkaLogCreator(log));
  const publisher = createPublisher(kafka);
  const decoder = createDecoder(config.registry);
  const ports: Ports = {
    decode: decoder.decode,
    send: sender.send,
    publish: publisher.publish,
    parkedKeys,
    observe,
    enter: gate.enter,
    keyWorked: keys.worked,
    now: Date.now,
    settings: {
      topology,
      retry: config.retry,
      systemic: config.systemic,
      timeOffset: config.timeOffset,
    },
  };

  const stopping = new AbortController();
  let stage: 'connecting' | 'joining' | 'running' | 'draining' = 'connecting';
  let consumer: GroupConsumer | undefined;
  let lastTickAt = performance.now();
  const admin = await startAdminServer({
    ...config.http,
    checks: {
      live: () => ({ loop: check(performance.now() - lastTickAt < TICKED_WITHIN_MS, 'the event loop turns') }),
      started: () => ({ configuration: check(true, 'settings and keys are read and tested') }),
      ready: () => readiness(stage, consumer),
    },
    metrics: async () => {
      metrics.gauges.inFlight(gate.inFlight);
      metrics.gauges.fencedKeys(parkedKeys.keys);
      metrics.gauges.sendRateLimit(gate.rateLimit);
      metrics.gauges.signingKeys(keys.state.versions, keys.state.inUse);
      return { contentType: metrics.contentType, text: await metrics.text() };
    },
  });

  const stopWatchingKeys = watchKeys(loadedKeys, keys, observe);
  const tick = setInterval(() => {
    lastTickAt = performance.now();
    consumer?.checkMissing().catch((error: unknown) => log.debug('the topics could not be looked for', { error }));
    if (stage === 'joining' && consumer?.assigned === true) stage = 'running';
  }, TICK_EVERY_MS);
  const sample = setInterval(() => {
    if (consumer === undefined) return;
    consumer.checkServed();
    const sampled = sampleLanes(consumer, config.source.topic, metrics.gauges);
    const wanting = consumer.unserved.length + consumer.missing.length > 0;
    const grown = config.source.createTopics && wanting ? topicsOf(kafka, topology, config.source) : undefined;
    Promise.all([sampled, grown]).catch((error: unknown) => log.debug('no samples', { error }));
  }, SAMPLE_EVERY_MS);

  const connect = async (fatal: (error: Error) => void): Promise<void> => {
    const forBrokers = saidNowAndThen(log, 'waiting for the brokers', brokerRemedy);
    const forGroup = (error: unknown): void => {
      const taken = { kind: 'join_refused', group: config.kafka.groupId, reason: 'taken', error } as const;
      if (error instanceof GroupTaken) observe(taken);
      else forBrokers(error);
    };
    const forRegistry = saidNowAndThen(log, 'waiting for the schema registry', registryRemedy);
    const topics = await untilDone(() => topicsOf(kafka, topology, config.source), forBrokers, stopping.signal);
    if (topics.problems.length > 0) throw new Misconfigured(topics.problems);
    for (const warning of topics.warnings) log.warn(warning);
    if (topics.made.length > 0) log.info('topics made', { topics: topics.made });
    await untilDone(() => decoder.ping(), forRegistry, stopping.signal);
    await untilDone(() => publisher.connect(), forBrokers, stopping.signal);
    retentionMs(kafka, [...topics.read, ...topology.counterparts])
      .then((retention) => metrics.gauges.topicRetention(retention))
      .catch((error: unknown) => log.warn('the retention of the topics is not known', { error }));

    const reader = new GroupConsumer(
      kafka,
      {
        groupId: config.kafka.groupId,
        sessionTimeoutMs: config.kafka.sessionTimeoutMs,
        barrierMs: config.gateway.timeoutMs + BARRIER_MARGIN_MS,
        startFrom: config.source.startFrom,
        concurrency: config.ordering === 'key' ? config.keyConcurrency : 1,
        topics,
      },
      {
        observe,
        parkedKeys,
        process: (record, ownership) => processRecord(record, ports, ownership),
        onError: ({ topic, partition, offset }, error) =>
          log.error('a record could not be worked on; trying again', { topic, partition, offset, error }),
      },
      fatal,
    );
    const refusal = await untilDone(() => reader.connect(), forGroup, stopping.signal);
    if (refusal !== undefined) throw new Misconfigured([refusal.refusal]);
    consumer = reader;
    stage = 'joining';
    reader.run();
  };

  const failed = new Promise<never>((_, reject) => {
    connect(reject).catch((error: unknown) => {
      if (error instanceof Abandoned) return;
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
  failed.catch(() => undefined);

  return {
    port: admin.port,
    failed,
    stop: async () => {
      stage = 'draining';
      stopping.abort();
      clearInterval(sample);
      stopWatchingKeys();
      const drained = (await consumer?.stop()) ?? true;
      await publisher.close();
      sender.close();
      clearInterval(tick);
      await admin.close();
      return drained;
    },
  };
}

function topicsOf(
  kafka: ReturnType<typeof createKafka>,
  topology: Topology,
  source: Config['source'],
): Promise<Topics> {
  return prepareTopics(kafka, {
    topology,
    create: source.createTopics,
    replicationFactor: source.replicationFactor,
  });
}

/** Tells that something is waited for at once, and then every 30 s. */
function saidNowAndThen(log: Log, message: string, remedy: (error: unknown) => string): (error: unknown) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + QUIET_MS;
    log.warn(message, { error, remedy: remedy(error) });
  };
}

/** Never lag, a hold or the gateway: taking this member away would cure none of them. */
function readiness(stage: string, consumer: GroupConsumer | undefined): Checks {
  const lastContactAt = consumer?.lastContact?.monotonic ?? Number.NEGATIVE_INFINITY;
  return {
    brokers: check(performance.now() - lastContactAt < CONTACT_WITHIN_MS, 'the brokers answered within 30 s'),
    group: check(stage === 'running' || stage === 'draining', 'this member has joined its group'),
    serving: check(stage !== 'draining', 'this member is not draining'),
  };
}

function check(ok: boolean, claim: string): { ok: boolean; detail: string } {
  return { ok, detail: ok ? claim : `not true: ${claim}` };
}
