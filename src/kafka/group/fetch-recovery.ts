import { setTimeout as sleep } from 'node:timers/promises';
import type { Observe } from '../../pipeline/ports.ts';
import { errorType, isUnreachable, UNKNOWN_TOPIC } from '../kafkajs/errors.ts';
import type { ConsumerGroup, KafkaError } from '../kafkajs/types.ts';
import type { TopicWatch } from './collaborators.ts';

/** Leaders move, brokers come and go: none of it changes who owns what, so nobody has to join again for it. */
const STALE_METADATA = [
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
];
const REFRESH_PAUSE_MS = 250;
/**
 * What to do about a fetch that failed. kafkajs would leave the group, or join again, for much that changes nothing about
 * who owns what.
 *
 * @param inner kafkajs' own way, for everything else
 */
export async function recoverFromFetch(
  group: ConsumerGroup,
  error: KafkaError,
  inner: () => Promise<void>,
  topics: TopicWatch,
  observe: Observe,
): Promise<void> {
  if (error.name === 'KafkaJSOffsetOutOfRange' && error.topic !== undefined && error.partition !== undefined) {
    await sleep(REFRESH_PAUSE_MS);
    return topics.outOfRange(group, error.topic, error.partition);
  }
  if (errorType(error) === UNKNOWN_TOPIC) {
    await sleep(REFRESH_PAUSE_MS);
    return topics.unknownTopic(group).catch((failure: unknown) => observe({ kind: 'join_failed', error: failure }));
  }
  if (!STALE_METADATA.includes(errorType(error) ?? '') && !isUnreachable(error)) return inner();
  await sleep(REFRESH_PAUSE_MS);
  // Where no broker answers, the next fetch finds out.
  await group.cluster.refreshMetadata().catch(() => undefined);
}
