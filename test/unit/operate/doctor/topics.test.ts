import { describe, expect, test } from 'vitest';
import type { Check } from '../../../../src/operate/doctor/check.ts';
import { checkTopics, type TopicNeeds, type TopicSeen } from '../../../../src/operate/doctor/topics.ts';

const NEEDS: TopicNeeds = {
  createTopics: false,
  replicationFactor: 3,
  longestDelayMs: 3_600_000,
  maxAgeMs: 86_400_000,
};
const GOOD = { 'min.insync.replicas': '2', 'cleanup.policy': 'delete', 'retention.ms': '1209600000' };

function topic(role: TopicSeen['role'], config: Readonly<Record<string, string>> = {}, partitions = 2): TopicSeen {
  const name = { source: 'pf', retry: 'pf.retry.5s', dead_letter: 'pf.dead-letter', outcomes: 'told' }[role];
  const bytes = role === 'source' ? '1000000' : '1065536';
  return {
    role,
    described: {
      topic: name,
      partitions: Array.from({ length: partitions }, () => ({ leader: 1, replicas: 3, inSync: 3 })),
      allowed: undefined,
    },
    config: { seen: new Map(Object.entries({ ...GOOD, 'max.message.bytes': bytes, ...config })) },
  };
}

function bad(checks: readonly Check[]): string[] {
  return checks
    .filter(({ status }) => status !== 'ok')
    .map(({ name, status, finding }) => `${status} ${name}: ${finding}`);
}

test('topics that fit are a line each', () => {
  const checks = checkTopics([topic('source'), topic('retry'), topic('dead_letter'), topic('outcomes')], NEEDS);
  expect(checks.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(checks[1]?.finding).toBe('2 partitions, replication factor 3, kept 14d');
});

describe('a setting that does not fit', () => {
  test.each([
    ['source', { 'cleanup.policy': 'compact' }, 'warn topic pf: cleanup.policy compact'],
    ['retry', { 'cleanup.policy': 'compact,delete' }, 'fail topic pf.retry.5s: cleanup.policy compact,delete'],
    ['retry', { 'retention.ms': '3599999' }, 'fail topic pf.retry.5s: retention 3599999ms is shorter than the longest'],
    ['retry', { 'retention.ms': '3600000' }, 'warn topic pf.retry.5s: retention 1h is shorter than RETRY_MAX_AGE'],
    ['dead_letter', { 'retention.ms': '86400000' }, 'warn topic pf.dead-letter: retention 1d'],
    ['retry', { 'max.message.bytes': '1065535' }, 'warn topic pf.retry.5s: max.message.bytes 1065535'],
    ['retry', { 'max.message.bytes': '999999' }, 'fail topic pf.retry.5s: max.message.bytes 999999'],
    ['retry', { 'min.insync.replicas': '1' }, 'warn topic pf.retry.5s: min.insync.replicas 1 with 3'],
    ['retry', { 'min.insync.replicas': '3' }, 'warn topic pf.retry.5s: min.insync.replicas 3 with 3'],
  ] as const)('%s %j', (role, config, line) => {
    const own = topic(role, config);
    const found = bad(checkTopics(role === 'source' ? [own] : [topic('source'), own], NEEDS));
    expect(found).toEqual([expect.stringContaining(line)]);
  });

  test('none is for ever, and no retention is too long', () => {
    expect(bad(checkTopics([topic('source'), topic('retry', { 'retention.ms': '-1' })], NEEDS))).toEqual([]);
  });
});

test('fewer partitions than the source fail, or are added by run', () => {
  const topics = [topic('source'), topic('retry', {}, 1)];
  expect(bad(checkTopics(topics, NEEDS))).toEqual([expect.stringMatching(/^fail .*1 partitions, and pf has 2/)]);
  const added = bad(checkTopics(topics, { ...NEEDS, createTopics: true }));
  expect(added).toEqual([expect.stringMatching(/^warn .*run adds them/)]);
});

test('a topic that is not there fails, unless run makes it; one that may not be seen is told among the rights', () => {
  const gone = (error: string, role: TopicSeen['role'] = 'retry'): TopicSeen => ({
    ...topic(role),
    described: { ...topic(role).described, partitions: [], error },
  });
  const unknown = gone('UNKNOWN_TOPIC_OR_PARTITION');
  expect(bad(checkTopics([unknown], NEEDS))).toEqual(['fail topic pf.retry.5s: does not exist']);
  expect(bad(checkTopics([unknown], { ...NEEDS, createTopics: true }))[0]).toMatch(/^warn .*run makes it/);
  const source = gone('UNKNOWN_TOPIC_OR_PARTITION', 'source');
  expect(bad(checkTopics([source], { ...NEEDS, createTopics: true }))).toEqual(['fail topic pf: does not exist']);
  expect(checkTopics([gone('TOPIC_AUTHORIZATION_FAILED')], NEEDS)).toEqual([]);
});
