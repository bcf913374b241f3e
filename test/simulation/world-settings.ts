import type { Random } from '../chaos/random.ts';
import type { Cluster } from './brokers/cluster.ts';
import type { Settings } from './brokers/settings.ts';
import { GROUP, SOURCE, type Plan } from './plan.ts';

export const SESSION_TIMEOUT_MS = 8_000;

/** Topics are there before the world begins, and every broker knows them. */
export function insideOf({ inside }: Plan, random: Random, hasBegun: () => boolean): Partial<Settings> {
  const upTo = (most: number) => (): number => (hasBegun() ? random.between(0, most) : 0);
  return {
    initialRebalanceDelayMs: inside.initialRebalanceDelayMs,
    // What a redrive leaves open is for members to end.
    transactionCleanupMs: 3_600_000,
    replicationMs: upTo(inside.replicationMs),
    loadMs: upTo(inside.loadMs),
    failoverMs: upTo(inside.failoverMs),
    newsMs: upTo(inside.newsMs),
    catchUpMs: upTo(inside.catchUpMs),
    markerMs: upTo(inside.markerMs),
  };
}

/** What all members are told. */
export function settingsOf({ addresses }: Cluster): Readonly<Record<string, string>> {
  return {
    KAFKA_BROKERS: addresses.join(','),
    KAFKA_GROUP_ID: GROUP,
    KAFKA_SESSION_TIMEOUT: `${SESSION_TIMEOUT_MS}ms`,
    SCHEMA_REGISTRY_URL: 'http://registry:8081',
    SOURCE_TOPIC: SOURCE,
    GATEWAY_URL: 'https://gateway',
    GATEWAY_CLIENT_ID: 'SIMULATED',
    GATEWAY_TIMEOUT: '2s',
    LOG_LEVEL: 'info',
  };
}
