import { closingId } from '../../core/closing-transactions.ts';
import type { Topology } from '../../core/topology.ts';
import { type TopicRole } from '../../core/topology.ts';
import { createKafka, type KafkaSettings } from '../../kafka/kafkajs/client.ts';
import {
  openSurvey,
  type ConfigValues,
  type Position,
  type Survey,
  type SurveyedGroup,
} from '../../kafka/topics/survey.ts';
import { wantedTopics } from '../../kafka/topics/wanted.ts';
import { isReached, type BrokerSeen, type BrokersSeen } from './brokers.ts';
import { look, type Seen } from './seen.ts';
import type { TopicSeen } from './topics.ts';

/** What is looked for in the cluster. */
export interface Sought {
  readonly client: KafkaSettings;
  readonly topology: Topology;
  readonly groupId: string;
}

/** What the brokers say of us and ours; `inside` only where one of them let us in. */
export interface KafkaSeen {
  readonly brokers: BrokersSeen;
  readonly inside?: {
    readonly topics: Seen<readonly TopicSeen[]>;
    readonly group: Seen<SurveyedGroup>;
    readonly positions: Seen<ReadonlyMap<string, Position>>;
    /** Whether this user may end what a killed redrive leaves open. */
    readonly mayClose: Seen<boolean>;
    readonly brokerConfig: Seen<ConfigValues>;
  };
}

/** Nobody is waited for for long, nor asked often: what does not answer now is what doctor is there to say. */
const HASTE = { connectionTimeout: 4_500, authenticationTimeout: 4_500, requestTimeout: 4_500, retries: 1 };

/** Looks at the cluster: joins no group, makes nothing. */
export async function lookAtKafka(sought: Sought, signal: AbortSignal): Promise<KafkaSeen> {
  const { client } = sought;
  const configured = await Promise.all(client.brokers.map((address) => open(client, address, signal)));
  const [survey] = configured.flatMap(({ reached }) => ('seen' in reached ? [reached.seen] : []));
  try {
    if (survey === undefined) return { brokers: { configured, advertised: [] } };
    return await lookInside(sought, survey, configured, signal);
  } finally {
    // Nobody waits for it: a broker that hangs would be waited for again.
    for (const { reached } of configured) if ('seen' in reached) void reached.seen.close().catch(() => undefined);
  }
}

async function open(client: KafkaSettings, address: string, signal: AbortSignal): Promise<BrokerSeen<Survey>> {
  const kafka = createKafka({ ...client, brokers: [address] }, () => () => undefined, HASTE);
  return { address, reached: await look(() => openSurvey(kafka), signal) };
}

async function lookInside(
  { client, topology, groupId }: Sought,
  survey: Survey,
  configured: readonly BrokerSeen[],
  signal: AbortSignal,
): Promise<KafkaSeen> {
  const seeing = <T>(task: () => Promise<T>): Promise<Seen<T>> => look(task, signal);
  const [described, group, mayClose] = await Promise.all([
    seeing(async () => survey.describe(oursOf(topology, await survey.topicNames()))),
    seeing(() => survey.group(groupId)),
    seeing(() => survey.mayWriteUnder(closingId(groupId))),
  ]);
  if ('unseen' in described) {
    return {
      brokers: { configured, advertised: [] },
      inside: { topics: described, group, mayClose, positions: described, brokerConfig: described },
    };
  }
  const { brokers, topics } = described.seen;
  const known = new Set(configured.filter(isReached).map(({ address }) => address));
  const others = brokers.filter(({ address }) => !known.has(address));
  const present = topics.filter(({ error }) => error === undefined);
  const read = present.filter(({ topic }) => ['source', 'retry'].includes(topology.roleOf(topic)));
  const numbers = new Map(read.map(({ topic, partitions }) => [topic, partitions.map((_, number) => number)]));
  const [node] = brokers;
  const [advertised, configs, positions, brokerConfig] = await Promise.all([
    Promise.all(others.map(({ address }) => reachedAndLeft(client, address, signal))),
    Promise.all(present.map(({ topic }) => seeing(() => survey.topicConfig(topic)))),
    seeing(() => survey.positions(groupId, numbers)),
    seeing(() => survey.brokerConfig(node?.nodeId ?? 0)),
  ]);
  const configOf = new Map(present.map(({ topic }, at) => [topic, configs[at]]));
  const seen = topics.map((one): TopicSeen => {
    const role = topology.roleOf(one.topic) as Exclude<TopicRole, 'other'>;
    return { role, described: one, config: configOf.get(one.topic) ?? { unseen: new Error('it is not there') } };
  });
  return {
    brokers: { configured, advertised },
    inside: { topics: { seen }, group, mayClose, positions, brokerConfig },
  };
}

/** The topics that have to be there, and the retry topics that are still drained. */
function oursOf(topology: Topology, existing: readonly string[]): string[] {
  const drained = existing.filter((topic) => topology.roleOf(topic) === 'retry');
  return [...new Set([topology.source, ...wantedTopics(topology).map(({ topic }) => topic), ...drained])];
}

async function reachedAndLeft(client: KafkaSettings, address: string, signal: AbortSignal): Promise<BrokerSeen> {
  const opened = await open(client, address, signal);
  if ('seen' in opened.reached) void opened.reached.seen.close().catch(() => undefined);
  return opened;
}
