import { inUnits } from '../../core/duration.ts';
import type { TopicRole } from '../../core/topology.ts';
import type { DescribedTopic } from '../../kafka/kafkajs/described.ts';
import { HEADROOM_BYTES } from '../../kafka/topics/create.ts';
import type { ConfigValues } from '../../kafka/topics/survey.ts';
import { ok, type Check } from './check.ts';
import type { Seen } from './seen.ts';
import { isForbidden, words } from './trouble.ts';

/** A topic of ours as it is. */
export interface TopicSeen {
  readonly role: Exclude<TopicRole, 'other'>;
  readonly described: DescribedTopic;
  readonly config: Seen<ConfigValues>;
}

/** What the topics have to fit. */
export interface TopicNeeds {
  readonly createTopics: boolean;
  /** TOPIC_REPLICATION_FACTOR. */
  readonly replicationFactor: number;
  readonly longestDelayMs: number;
  readonly maxAgeMs: number;
}

type Complaint = Pick<Check, 'status' | 'finding' | 'remedy'>;

const UNKNOWN = 'UNKNOWN_TOPIC_OR_PARTITION';
/** People need this long to look at dead letters, weekends included. */
const LETTERS_MS = 7 * 86_400_000;

/** A line for each topic that is as it should be, and one for each thing that is not. */
export function checkTopics(topics: readonly TopicSeen[], needs: TopicNeeds): Check[] {
  const source = topics.find(({ role }) => role === 'source');
  return topics.flatMap((topic) => {
    const name = `topic ${topic.described.topic}`;
    const complaints = [...complaintsOf(topic, source, needs)];
    if (complaints.length > 0) return complaints.map((complaint) => ({ name, ...complaint }));
    return topic.described.error === undefined ? [ok(name, summary(topic))] : [];
  });
}

function* complaintsOf(topic: TopicSeen, source: TopicSeen | undefined, needs: TopicNeeds): Iterable<Complaint> {
  const { described, config, role } = topic;
  if (described.error !== undefined) {
    yield* absence(topic, needs);
    return;
  }
  yield* layout(topic, source, needs);
  if ('unseen' in config) {
    // The right that is missing then is told among the rights.
    if (!isForbidden(config.unseen))
      yield complaint('warn', `its settings are not known: ${words(config.unseen)}`, 'ask again');
    return;
  }
  yield* durability(described, config.seen);
  yield* cleanup(role, described.topic, config.seen);
  yield* retention(role, config.seen, needs);
  if (role === 'retry' || role === 'dead_letter') yield* size(described.topic, config.seen, source);
}

function* absence({ described: { error, topic }, role }: TopicSeen, { createTopics }: TopicNeeds): Iterable<Complaint> {
  if (error === 'TOPIC_AUTHORIZATION_FAILED') return;
  if (error !== UNKNOWN) {
    yield complaint('fail', `wrong: the brokers answer ${error ?? ''}`, 'ask again; look at the brokers if it stays');
  } else if (role === 'source') {
    yield complaint('fail', 'does not exist', 'make it, or name the right one in SOURCE_TOPIC');
  } else if (createTopics) {
    yield complaint(
      'warn',
      'does not exist yet; run makes it (CREATE_TOPICS=true)',
      `this needs CREATE on CLUSTER, or on TOPIC ${topic}`,
    );
  } else {
    yield complaint('fail', 'does not exist', "make it with the source's partition count, or set CREATE_TOPICS=true");
  }
}

function* layout(
  { described, role }: TopicSeen,
  source: TopicSeen | undefined,
  needs: TopicNeeds,
): Iterable<Complaint> {
  const { partitions } = described;
  const wanted = source?.described.partitions.length ?? 0;
  const has = `${partitions.length} partitions, and ${source?.described.topic ?? ''} has ${wanted}`;
  if ((role === 'retry' || role === 'dead_letter') && partitions.length < wanted) {
    yield needs.createTopics
      ? complaint('warn', `${has}; run adds them (CREATE_TOPICS=true)`, 'this needs ALTER on the topic')
      : complaint('fail', `${has}: some of its partitions are not read`, `give it ${wanted} partitions`);
  }
  const leaderless = partitions.filter(({ leader }) => leader < 0).length;
  if (leaderless > 0)
    yield complaint('fail', `${leaderless} partitions have no leader`, 'start the brokers that hold them');
  const lagging = partitions.filter(({ replicas, inSync }) => inSync < replicas).length;
  if (lagging > 0) {
    yield complaint('warn', `${lagging} partitions have replicas out of sync`, 'look at the brokers that are behind');
  }
  const replicas = replication(described);
  if (replicas < needs.replicationFactor) {
    yield complaint(
      'warn',
      `replication factor ${replicas}, below TOPIC_REPLICATION_FACTOR ${needs.replicationFactor}: fewer brokers may fail`,
      'reassign its partitions to more brokers, or lower TOPIC_REPLICATION_FACTOR',
    );
  }
}

function* durability(described: DescribedTopic, config: ConfigValues): Iterable<Complaint> {
  const replicas = replication(described);
  const inSync = Number(config.get('min.insync.replicas') ?? 1);
  if (replicas >= 3 && inSync < 2) {
    yield complaint(
      'warn',
      `min.insync.replicas ${inSync} with ${replicas} replicas: one broker alone may acknowledge a record, and lose it`,
      'set min.insync.replicas to 2',
    );
  } else if (replicas > 1 && inSync >= replicas) {
    yield complaint(
      'warn',
      `min.insync.replicas ${inSync} with ${replicas} replicas: with one broker down nothing can be written`,
      `set min.insync.replicas to ${replicas - 1}, or add replicas`,
    );
  }
}

function* cleanup(role: TopicSeen['role'], topic: string, config: ConfigValues): Iterable<Complaint> {
  const policy = config.get('cleanup.policy') ?? 'delete';
  if (!policy.split(',').includes('compact')) return;
  yield role === 'source'
    ? complaint(
        'warn',
        `cleanup.policy ${policy}: an event goes as soon as a newer record has its key, told or not`,
        'set cleanup.policy=delete, unless each key is written once',
      )
    : complaint(
        'fail',
        `cleanup.policy ${policy}: records that still count are deleted once a newer one has their key`,
        `kafka-configs --bootstrap-server … --alter --topic ${topic} --add-config cleanup.policy=delete`,
      );
}

function* retention(role: TopicSeen['role'], config: ConfigValues, needs: TopicNeeds): Iterable<Complaint> {
  const kept = Number(config.get('retention.ms') ?? -1);
  if (kept < 0) return;
  const { longestDelayMs, maxAgeMs } = needs;
  if (role === 'retry' && kept < longestDelayMs) {
    yield complaint(
      'fail',
      `retention ${inUnits(kept)} is shorter than the longest delay, ${inUnits(longestDelayMs)}: parked events are lost`,
      `set retention.ms to ${maxAgeMs} (RETRY_MAX_AGE) or more; 14d is usual`,
    );
  } else if (role !== 'dead_letter' && role !== 'outcomes' && kept < maxAgeMs) {
    yield complaint(
      'warn',
      `retention ${inUnits(kept)} is shorter than RETRY_MAX_AGE ${inUnits(maxAgeMs)}: an outage that long loses events`,
      `set retention.ms to ${maxAgeMs} or more`,
    );
  } else if (role === 'dead_letter' && kept < LETTERS_MS) {
    yield complaint(
      'warn',
      `retention ${inUnits(kept)}: dead letters are gone before somebody has looked at them`,
      'set retention.ms to 7d or more; 90d is usual',
    );
  }
}

function* size(topic: string, config: ConfigValues, source: TopicSeen | undefined): Iterable<Complaint> {
  if (source === undefined || 'unseen' in source.config) return;
  const [largest, ofSource] = [config, source.config.seen].map((one) => Number(one.get('max.message.bytes')));
  if (largest === undefined || ofSource === undefined || largest >= ofSource + HEADROOM_BYTES) return;
  yield complaint(
    largest < ofSource ? 'fail' : 'warn',
    `max.message.bytes ${largest}, and ${source.described.topic} takes ${ofSource}: large records lose their value`,
    `kafka-configs --bootstrap-server … --alter --topic ${topic} --add-config max.message.bytes=${ofSource + HEADROOM_BYTES}`,
  );
}

function summary({ described, config }: TopicSeen): string {
  const layout = `${described.partitions.length} partitions, replication factor ${replication(described)}`;
  if ('unseen' in config) return layout;
  const kept = Number(config.seen.get('retention.ms') ?? -1);
  return `${layout}, kept ${kept < 0 ? 'for ever' : inUnits(kept)}`;
}

function replication({ partitions }: DescribedTopic): number {
  return Math.min(...partitions.map(({ replicas }) => replicas));
}

function complaint(status: Complaint['status'], finding: string, remedy: string): Complaint {
  return { status, finding, remedy };
}
