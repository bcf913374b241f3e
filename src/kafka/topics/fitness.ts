import type { Topology } from '../../core/topology.ts';
import { HEADROOM_BYTES } from './create.ts';
import type { ConfigValues } from './survey.ts';

/** What of a topic's configuration decides whether records are safe in it. */
export interface Fitness {
  /** Each one line with its remedy; nothing may be parked or buried there. */
  readonly problems: readonly string[];
  /** Each one line with its remedy. */
  readonly warnings: readonly string[];
}

const FIT: Fitness = { problems: [], warnings: [] };

/**
 * Judges the topics that records move to, by the configuration of each topic that could be read.
 *
 * A compacted topic keeps one record of a key, and takes none without a key. A retry topic has to keep what is parked for
 * the longest delay, since an event may have to wait there for another one of its key. Dead letters wait for people: no
 * retention is too short for the service itself.
 */
export function fitnessOf(topology: Topology, configs: ReadonlyMap<string, ConfigValues>): Fitness {
  const judged = [...configs].map(([topic, config]) => fitness(topic, config, topology, configs.get(topology.source)));
  return {
    problems: judged.flatMap(({ problems }) => problems),
    warnings: judged.flatMap(({ warnings }) => warnings),
  };
}

function fitness(topic: string, config: ConfigValues, topology: Topology, source: ConfigValues | undefined): Fitness {
  switch (topology.roleOf(topic)) {
    case 'source':
    case 'other':
      return FIT;
    case 'outcomes':
      return { problems: [], warnings: compaction(topic, config) };
    case 'dead_letter':
      return {
        problems: compaction(topic, config),
        warnings: [...bounds(topic, config), ...size(topic, config, source)],
      };
    case 'retry': {
      const unsafe = [...compaction(topic, config), ...retention(topic, config, topology)];
      const warnings = bounds(topic, config);
      // Nothing new is parked where no delay is configured.
      if (!topology.retryTopics.includes(topic)) return { problems: [], warnings: [...unsafe, ...warnings] };
      return { problems: unsafe, warnings: [...warnings, ...size(topic, config, source)] };
    }
  }
}

function compaction(topic: string, config: ConfigValues): string[] {
  const policy = config.get('cleanup.policy') ?? 'delete';
  if (!policy.split(',').includes('compact')) return [];
  return [
    `the topic ${topic} has cleanup.policy=${policy}: it throws away what stands there as soon as another record has the ` +
      `same key, and takes no record without one; set its cleanup.policy to delete`,
  ];
}

function retention(topic: string, config: ConfigValues, topology: Topology): string[] {
  const kept = limit(config, 'retention.ms');
  const longest = Math.max(...topology.retryTopics.map((retry) => topology.retryTierOf(retry)?.delayMs ?? 0));
  if (kept === undefined || kept > longest) return [];
  return [
    `the topic ${topic} keeps records for ${kept} ms, and the longest of RETRY_DELAYS is ${longest} ms: parked events are ` +
      `deleted before their time; set its retention.ms to RETRY_MAX_AGE or more (14 days is usual)`,
  ];
}

function bounds(topic: string, config: ConfigValues): string[] {
  const kept = limit(config, 'retention.bytes');
  if (kept === undefined) return [];
  return [
    `the topic ${topic} keeps ${kept} bytes of each partition: in a long outage the oldest of what stands there is deleted; ` +
      `set its retention.bytes to -1`,
  ];
}

function size(topic: string, config: ConfigValues, source: ConfigValues | undefined): string[] {
  const [largest, ofSource] = [config, source].map((each) => limit(each, 'max.message.bytes'));
  if (largest === undefined || ofSource === undefined || largest >= ofSource + HEADROOM_BYTES) return [];
  return [
    `the topic ${topic} takes records of ${largest} bytes, the source of ${ofSource}: set its max.message.bytes to ` +
      `${ofSource + HEADROOM_BYTES} or more, or large records lose their value`,
  ];
}

/** A number that limits something; `undefined` where nothing does. */
function limit(config: ConfigValues | undefined, name: string): number | undefined {
  const value = Number(config?.get(name) ?? -1);
  return value < 0 ? undefined : value;
}
