import https from 'node:https';
import { createRequire } from 'node:module';
import { Topology } from '../core/topology.ts';
import { KeyRing } from '../http/key-ring.ts';
import type { LoadedKeys } from '../http/key-set.ts';
import { notifyUrl } from '../http/sender.ts';
import { createDecoder } from '../kafka/avro/decoder.ts';
import { GroupConsumer } from '../kafka/consumer.ts';
import type { MemberView } from '../kafka/group/member-state.ts';
import { createPublisher } from '../kafka/produce/publisher.ts';
import type { Topics } from '../kafka/topics/prepare.ts';
import { liveness, readiness, startup, type HealthFacts, type Stage } from '../ops/health.ts';
import { kafkaLogCreator } from '../ops/kafka-log.ts';
import { createLog } from '../ops/log.ts';
import { createMetrics } from '../ops/metrics.ts';
import { traceField } from '../ops/record-sentences.ts';
import { createSpans } from '../ops/spans.ts';
import { StatusKeeper } from '../ops/status.ts';
import { AllParkedKeys } from '../pipeline/all-parked-keys.ts';
import { Gate } from '../pipeline/gate.ts';
import { Abandoned, type Observe, type Ports } from '../pipeline/ports.ts';
import { processRecord } from '../pipeline/process-record.ts';
import { Waits } from '../pipeline/waits.ts';
import { barrierLimits } from '../settings/between-sections.ts';
import type { Config } from '../settings/table.ts';
import { Closers } from './closers.ts';
import { lanesSoon, outsideSince, sampleLanes } from './sampling.ts';
import { instrumentedBy } from './instrumented.ts';
import { connect, topicsOf } from './startup.ts';
import type { Surroundings } from './surroundings.ts';

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

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/**
 * Starts the service. Returns as soon as probes answer; connecting goes on behind, for as long as it takes.
 *
 * Throws where the probes' address cannot be listened on.
 */
export async function startService(
  config: Config,
  loadedKeys: LoadedKeys,
  { createKafka, createSender, startAdminServer, watchKeys, logDestination, measureProcess }: Surroundings,
): Promise<Service> {
  const { source, gateway, limits, retry, hold, outcomes } = config;
  const topology = new Topology({ source: source.topic, tiers: retry.tiers, outcomes: outcomes.topic });
  const metrics = createMetrics({
    ...{ version, measureProcess },
    ...config.build,
    ...config.replays,
    ...config.metrics,
    topology,
    tiers: retry.tiers.map(({ name }) => name),
    systemic: hold.systemic,
    now: Date.now,
  });
  const seen = new StatusKeeper(topology, Date.now);
  const stream = logDestination(metrics.logLineDropped);
  const log = createLog({ ...config.log, stream, onTrouble: seen.troubled });
  const spans = createSpans({
    version,
    target: notifyUrl(gateway.url),
    onFailure: (error) => log.debug('a span could not be told', { error }),
  });
  const observe: Observe = (fact) => {
    metrics.observe(fact);
    log.observe(fact);
    seen.observe(fact);
    spans?.observe(fact);
  };
  const closers = new Closers((name, error) => log.error('could not be closed', { name, error }));
  if (spans !== undefined) closers.add('spans', () => spans.flush());
  const parkedKeys = new AllParkedKeys();
  const waits = new Waits();
  const gate = new Gate({ ...limits, outageHoldAfter: hold.outageHoldAfter }, observe);
  const keys = new KeyRing(loadedKeys, observe);
  const kafka = createKafka(config.kafka.client, kafkaLogCreator(log));
  observe({ kind: 'instrumented', patched: instrumentedBy({ kafka, https }) });
  const decoder = createDecoder(config.registry);
  const publisher = createPublisher(kafka);
  const sender = createSender({ ...gateway, maxSockets: limits.maxInFlight }, keys, Date.now);

  let stage: Stage = 'connecting';
  let consumer: GroupConsumer | undefined;
  let tickedAt = performance.now();
  const sinceStart = Date.now();
  const member = (): MemberView => consumer?.member ?? outsideSince(sinceStart);
  const facts = (): HealthFacts => {
    const contactAt = consumer?.lastContact?.monotonic;
    return { stage, member: consumer?.state, now: performance.now(), tickedAt, contactAt };
  };
  const admin = await startAdminServer({
    ...config.http,
    checks: { live: () => liveness(facts()), started: startup, ready: () => readiness(facts()) },
    metrics: (accept) => {
      metrics.gauges.inFlight(gate.inFlight);
      metrics.gauges.fencedKeys(parkedKeys.keys);
      metrics.gauges.memberState(member().state);
      metrics.gauges.waitingPartitions(waits.count(consumer?.statesNow() ?? []));
      metrics.gauges.sendRateLimit(gate.rateLimit);
      metrics.gauges.signingKeys(keys.state.versions, keys.state.inUse);
      return metrics.expose(accept);
    },
    status: async () => {
      const lanes = consumer === undefined ? [] : await lanesSoon(consumer);
      const { versions, inUse: signing } = keys.state;
      return seen.status({
        ...{ member: member(), lanes, parked: parkedKeys.byTier, pace: { limit: gate.rateLimit } },
        keys: { active: keys.active, signing, versions },
      });
    },
  });
  closers.add('probes and metrics', () => admin.close());
  const tick = setInterval(() => {
    tickedAt = performance.now();
    consumer?.checkMissing().catch((error: unknown) => log.debug('the topics could not be looked for', { error }));
  }, TICK_EVERY_MS);
  closers.add('the tick', () => clearInterval(tick));
  closers.add('connections to the gateway', () => sender.close());
  closers.add('the producers', () => publisher.close());
  closers.add('the watch over the keys', watchKeys(loadedKeys, keys, observe));

  const ports: Ports = {
    decode: decoder.decode,
    send: sender.send,
    publish: publisher.publish,
    parkedKeys,
    waits,
    observe,
    enter: gate.enter,
    keyWorked: keys.worked,
    now: Date.now,
    settings: {
      topology,
      retry,
      systemic: hold.systemic,
      ...config.notification,
    },
  };
  const stopping = new AbortController();
  let drained = true;
  const sample = async (): Promise<void> => {
    if (consumer !== undefined) await sampleLanes(consumer, source.topic, metrics.gauges);
  };
  const notSampled = (error: unknown): void => log.debug('no samples', { error });

  const failed = new Promise<never>((_, reject) => {
    const reader = (topics: Topics): GroupConsumer =>
      new GroupConsumer(
        kafka,
        {
          ...config.kafka.group,
          ...config.ordering,
          ...barrierLimits(gateway.timeoutMs, config.lifecycle.shutdownTimeoutMs),
          startFrom: source.startFrom,
          topics,
        },
        {
          observe: (fact) => {
            observe(fact);
            if (fact.kind === 'joined') sample().catch(notSampled);
          },
          parkedKeys,
          waits,
          isWriting: publisher.isWriting,
          process: (record, ownership) => processRecord(record, ports, ownership),
          onError: (record, error) => {
            const { topic, partition, offset } = record;
            const fields = { ...traceField(record), topic, partition, offset, error };
            log.error('a record could not be worked on; trying again', fields);
          },
        },
        reject,
      );
    const join = (connected: GroupConsumer): void => {
      closers.add('the consumer', async () => {
        drained = false;
        drained = await connected.stop();
      });
      const samples = setInterval(() => {
        connected.checkServed();
        const wanting = connected.unserved.length + connected.missing.length > 0;
        const grown = source.createTopics && wanting ? topicsOf(kafka, topology, source) : undefined;
        Promise.all([sample(), grown]).catch(notSampled);
      }, SAMPLE_EVERY_MS);
      closers.add('the samples', () => clearInterval(samples));
      consumer = connected;
      stage = 'running';
      connected.run();
    };
    connect(
      { kafka, topology, decoder, publisher, gauges: metrics.gauges, log, observe, reader },
      config,
      stopping.signal,
    )
      .then(join)
      .catch((error: unknown) => {
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
      await closers.close();
      return drained;
    },
  };
}
