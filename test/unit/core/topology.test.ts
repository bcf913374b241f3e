import { describe, expect, test } from 'vitest';
import { Topology, type TopicRole } from '../../../src/core/topology.ts';
import { RETRY } from '../../support/fixtures.ts';

const topology = new Topology({ source: 'payment-final', tiers: RETRY.tiers, outcomes: 'payment-outcomes' });

test('topics are named after the source: a retry topic by its delay, and the dead letters', () => {
  expect(topology.retryTopic('7m')).toBe('payment-final.retry.7m');
  expect(topology).toMatchObject({
    source: 'payment-final',
    retryTopics: ['payment-final.retry.5s', 'payment-final.retry.30s', 'payment-final.retry.2m'],
    deadLetters: 'payment-final.dead-letter',
    outcomes: 'payment-outcomes',
  });
});

test('records of the source may have to move to any configured retry topic and to the dead letters', () => {
  expect(topology.counterparts).toEqual([
    'payment-final.retry.5s',
    'payment-final.retry.30s',
    'payment-final.retry.2m',
    'payment-final.dead-letter',
  ]);
});

describe('a topic that is read', () => {
  test('has the tier main where it is the source', () => {
    expect(topology.roleOf('payment-final')).toBe('source');
    expect(topology.tierOf('payment-final')).toBe('main');
    expect(topology.retryTierOf('payment-final')).toBeUndefined();
  });

  test.each([
    ['payment-final.retry.5s', '5s', 5_000],
    ['payment-final.retry.250ms', '250ms', 250],
    ['payment-final.retry.1h', '1h', 3_600_000],
    ['payment-final.retry.7m', '7m', 420_000],
  ])('%s is of tier %s, configured or not', (topic, name, delayMs) => {
    expect(topology.roleOf(topic)).toBe('retry');
    expect(topology.tierOf(topic)).toBe(name);
    expect(topology.retryTierOf(topic)).toEqual({ name, delayMs });
  });

  test('is the source even where the name of the source looks like a retry topic', () => {
    const strange = new Topology({ source: 'a.retry.5s', tiers: [] });
    expect(strange.tierOf('a.retry.5s')).toBe('main');
    expect(strange.tierOf('a.retry.5s.retry.30s')).toBe('30s');
  });
});

describe('a topic that is not read', () => {
  test.each<[string, TopicRole]>([
    ['payment-final.dead-letter', 'dead_letter'],
    ['payment-outcomes', 'outcomes'],
    ['payment-final.retry.', 'other'],
    ['payment-final.retry.soon', 'other'],
    ['payment-final.retry.5s.old', 'other'],
    ['payment-final.retry.5s ', 'other'],
    ['payment-final.retryX5s', 'other'],
    ['payment-final-2', 'other'],
    ['other.payment-final.retry.5s', 'other'],
    ['', 'other'],
  ])('%j has no tier, and who asks for one is told so', (topic, role) => {
    const refusal = `${topic} is neither payment-final nor one of its retry topics`;
    expect(topology.roleOf(topic)).toBe(role);
    expect(() => topology.tierOf(topic)).toThrow(refusal);
    expect(() => topology.retryTierOf(topic)).toThrow(refusal);
  });

  test('is no outcomes topic where none is configured', () => {
    const without = new Topology({ source: 'payment-final', tiers: [] });
    expect(without.roleOf('payment-outcomes')).toBe('other');
  });
});
