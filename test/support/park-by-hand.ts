import type { Producer } from 'kafkajs';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { makeTopics } from './make-topics.ts';
import type { World } from './world.ts';

/** A copy as a member would have left it behind. */
export interface Parked {
  readonly tier: string;
  /** Offset of the event in partition 0 of the source. */
  readonly origin: number;
  readonly paymentId: string;
  readonly attempts: number;
  readonly hops: number;
  readonly body?: string | undefined;
  readonly dueInMs: number;
  /** Of the redrive that wrote it; none by default. */
  readonly redriveId?: string;
}

/**
 * Writes a copy of an event of key `K` into a retry topic, which is made where it is missing.
 *
 * @param sender who writes it, such as a transaction; by default one that is there for it alone
 */
export async function parkByHand(world: World, parked: Parked, sender?: Pick<Producer, 'send'>): Promise<void> {
  const { tier, origin, paymentId, attempts, hops, body, dueInMs, redriveId } = parked;
  const topic = world.topic(`retry.${tier}`);
  if (!(await world.admin.listTopics()).includes(topic)) {
    const topics = [{ topic, numPartitions: world.partitions, replicationFactor: 1 }];
    await makeTopics(world.admin, topics);
  }
  const now = Date.now();
  const headers = {
    'notifier-origin-topic': world.source,
    'notifier-origin-partition': '0',
    'notifier-origin-offset': String(origin),
    'notifier-origin-timestamp': String(now - 10_000),
    'notifier-attempts': String(attempts),
    'notifier-hops': String(hops),
    'notifier-payment-id': paymentId,
    'notifier-not-before': String(now + dueInMs),
    'notifier-reason': attempts === 0 ? 'behind_parked_key' : 'UNKNOWN_EXCEPTION',
    ...(attempts > 0 && { 'notifier-first-attempt-at': String(now - 5_000) }),
    ...(body !== undefined && { 'notifier-body': body }),
    ...(redriveId !== undefined && { 'notifier-redrive-id': redriveId, 'notifier-redrive-count': '1' }),
  };
  const value = world.encode(sampleEvent(paymentId, true));
  const record = { topic, messages: [{ partition: 0, key: 'K', value, headers }] };
  if (sender !== undefined) {
    await sender.send(record);
    return;
  }
  const producer = world.kafka.producer();
  await producer.connect();
  await producer.send(record);
  await producer.disconnect();
}
