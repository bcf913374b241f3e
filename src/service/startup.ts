import { Misconfigured } from '../core/misconfigured.ts';
import type { Topology } from '../core/topology.ts';
import type { Decoder } from '../kafka/avro/decoder.ts';
import { registryRemedy } from '../kafka/avro/registry.ts';
import type { GroupConsumer } from '../kafka/consumer.ts';
import { GroupTaken } from '../kafka/group/first-start.ts';
import type { createKafka } from '../kafka/kafkajs/client.ts';
import { brokerRemedy } from '../kafka/kafkajs/remedies.ts';
import type { Publisher } from '../kafka/produce/publisher.ts';
import { prepareTopics, type Topics } from '../kafka/topics/prepare.ts';
import type { Log } from '../ops/log.ts';
import type { Gauges } from '../ops/metrics.ts';
import { Abandoned, type Observe } from '../pipeline/ports.ts';
import { untilDone } from '../pipeline/waiting.ts';
import type { Config } from '../settings/table.ts';

type Kafka = ReturnType<typeof createKafka>;

const QUIET_MS = 30_000;

/** What is connected, and who is told meanwhile. */
export interface Connecting {
  readonly kafka: Kafka;
  readonly topology: Topology;
  readonly decoder: Pick<Decoder, 'ping'>;
  readonly publisher: Pick<Publisher, 'connect'>;
  readonly gauges: Gauges;
  readonly log: Log;
  readonly observe: Observe;
  /** Makes the consumer of these topics. */
  readonly reader: (topics: Topics) => GroupConsumer;
}

/**
 * Connects, and waits for each in turn for as long as it takes: the topics (checked, and made where that is allowed), the
 * schema registry, the producer, the group (which gets a start where it has no offsets). What is waited for is told.
 *
 * @returns the consumer, connected and not yet a member
 * @throws Misconfigured where somebody has to mend topics or decide on offsets first
 * @throws Abandoned when `stopping` is aborted
 */
export async function connect(
  { kafka, topology, decoder, publisher, gauges, log, observe, reader }: Connecting,
  {
    kafka: {
      group: { groupId },
    },
    source,
  }: Pick<Config, 'kafka' | 'source'>,
  stopping: AbortSignal,
): Promise<GroupConsumer> {
  const forBrokers = saidNowAndThen(log, 'waiting for the brokers', brokerRemedy);
  const forRegistry = saidNowAndThen(log, 'waiting for the schema registry', registryRemedy);
  const forGroup = (error: unknown): void => {
    if (error instanceof GroupTaken) observe({ kind: 'join_refused', group: groupId, reason: error.reason, error });
    else forBrokers(error);
  };

  const topics = await untilDone(() => topicsOf(kafka, topology, source), forBrokers, stopping);
  if (topics.problems.length > 0) throw new Misconfigured(topics.problems);
  for (const warning of topics.warnings) log.warn(warning);
  if (topics.made.length > 0) log.info('topics made', { topics: topics.made });

  await untilDone(() => decoder.ping(), forRegistry, stopping);
  await untilDone(() => publisher.connect(), forBrokers, stopping);
  gauges.topicRetention(topics.retentionMs);

  const consumer = reader(topics);
  const refusal = await untilDone(() => consumer.connect(), forGroup, stopping);
  if (refusal !== undefined) throw new Misconfigured([refusal.refusal]);
  if (stopping.aborted) throw new Abandoned();
  return consumer;
}

/** The topics as they are; made, or given the partitions they lack, where that is allowed. */
export function topicsOf(kafka: Kafka, topology: Topology, source: Config['source']): Promise<Topics> {
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
