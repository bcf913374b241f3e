import { describe, expect, test } from 'vitest';
import { Topology } from '../../../../src/core/topology.ts';
import { fitnessOf } from '../../../../src/kafka/topics/fitness.ts';

const TOPOLOGY = new Topology({ source: 'pf', tiers: [{ name: '5s' }, { name: '1h' }], outcomes: 'out' });
const HOUR_MS = 3_600_000;

function judged(configs: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  return fitnessOf(
    TOPOLOGY,
    new Map(Object.entries(configs).map(([topic, own]) => [topic, new Map(Object.entries(own))])),
  );
}

const DAYS = { 'cleanup.policy': 'delete', 'retention.ms': String(14 * 24 * HOUR_MS), 'retention.bytes': '-1' };

test('topics that keep what stands there are fit', () => {
  expect(judged({ pf: {}, 'pf.retry.5s': DAYS, 'pf.retry.1h': DAYS, 'pf.dead-letter': DAYS, out: DAYS })).toEqual({
    problems: [],
    warnings: [],
  });
  expect(judged({ 'pf.retry.5s': { 'retention.ms': '-1' } })).toEqual({ problems: [], warnings: [] });
});

describe('a topic that compacts', () => {
  test.each(['compact', 'compact,delete', 'delete,compact'])('%s: no copy and no letter is safe there', (policy) => {
    const compacted = { ...DAYS, 'cleanup.policy': policy };
    const { problems, warnings } = judged({ 'pf.retry.5s': compacted, 'pf.dead-letter': compacted });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^the topic pf\.retry\.5s has cleanup\.policy=.*set its cleanup\.policy to delete$/);
    expect(problems[1]).toMatch(/^the topic pf\.dead-letter /);
    expect(warnings).toEqual([]);
  });

  test('is warned of where nothing is parked any more, and where outcomes are written', () => {
    const compacted = { 'cleanup.policy': 'compact' };
    const { problems, warnings } = judged({ 'pf.retry.2m': compacted, out: compacted, pf: compacted });
    expect([problems, warnings.map((line) => line.split(' ')[2])]).toEqual([[], ['pf.retry.2m', 'out']]);
  });
});

describe('a retention', () => {
  test('no longer than the longest delay is refused in every retry topic, whatever its own delay', () => {
    const { problems } = judged({
      'pf.retry.5s': { 'retention.ms': String(HOUR_MS) },
      'pf.retry.1h': { 'retention.ms': String(HOUR_MS + 1) },
      'pf.dead-letter': { 'retention.ms': '1000' },
    });
    expect(problems).toEqual([
      expect.stringMatching(/^the topic pf\.retry\.5s keeps records for 3600000 ms.*set its retention\.ms/),
    ]);
  });

  test('by size is warned of', () => {
    const { problems, warnings } = judged({
      'pf.retry.5s': { 'retention.bytes': '1000' },
      pf: { 'retention.bytes': '1' },
    });
    expect([problems, warnings]).toEqual([
      [],
      [expect.stringMatching(/pf\.retry\.5s keeps 1000 bytes.*retention\.bytes/)],
    ]);
  });
});

test('a topic that cannot take what the source can is warned of, unless one of them may not be looked at', () => {
  const sizes = { pf: { 'max.message.bytes': '1000' }, 'pf.dead-letter': { 'max.message.bytes': '66535' } };
  expect(judged(sizes).warnings).toEqual([
    expect.stringMatching(/pf\.dead-letter takes records of 66535 .* 66536 or more/),
  ]);
  expect(judged({ ...sizes, 'pf.dead-letter': { 'max.message.bytes': '66536' } }).warnings).toEqual([]);
  expect(judged({ 'pf.dead-letter': sizes['pf.dead-letter'] }).warnings).toEqual([]);
});
