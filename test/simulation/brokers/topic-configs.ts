import type { AppendRules } from './log.ts';
import type { Topic } from './topics.ts';

/** What a topic's settings are where nobody sets them: those of Kafka's brokers. */
export const TOPIC_DEFAULTS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'max.message.bytes': '1048588',
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.after.max.ms': '3600000',
  'min.insync.replicas': '1',
  'retention.bytes': '-1',
  'retention.ms': '604800000',
};

/** Settings that may be given and that nothing here depends on. */
const KNOWN = new Set([
  'compression.type',
  'delete.retention.ms',
  'file.delete.delay.ms',
  'flush.messages',
  'flush.ms',
  'index.interval.bytes',
  'max.compaction.lag.ms',
  'message.timestamp.before.max.ms',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
  'preallocate',
  'segment.bytes',
  'segment.index.bytes',
  'segment.jitter.ms',
  'segment.ms',
  'unclean.leader.election.enable',
]);

/** Whether a topic can be given this setting. */
export function isTopicConfig(name: string): boolean {
  return name in TOPIC_DEFAULTS || KNOWN.has(name);
}

/** A setting of a topic. */
export function configOf(topic: Topic, name: string): string {
  return topic.configs.get(name) ?? TOPIC_DEFAULTS[name] ?? '';
}

export function appendRules(topic: Topic): AppendRules {
  return {
    maxBatchBytes: Number(configOf(topic, 'max.message.bytes')),
    isAppendTime: configOf(topic, 'message.timestamp.type') === 'LogAppendTime',
    maxAheadMs: Number(configOf(topic, 'message.timestamp.after.max.ms')),
  };
}
