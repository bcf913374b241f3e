import { Partitioners } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { ACTS, HEALTHY, HOLD_ACT, KEY_UNKNOWN, STORY_EVENTS, STORY_PROFILE } from '../../../deploy/demo/acts.ts';
import { invalidField } from '../../../src/core/event.ts';
import { parseProfile } from '../../../src/simulator/faults.ts';

const all = [...ACTS, HOLD_ACT];

describe('the acts of the demo', () => {
  it('are thirty-three events whose first digit is their act', () => {
    expect(STORY_EVENTS).toBe(33);
    for (const { number, writings } of all) {
      for (const { name } of writings) expect(name).toMatch(new RegExp(`^PAY-${number}\\d\\d$`));
    }
    expect(new Set(all.flatMap(({ writings }) => writings.map(({ name }) => name))).size).toBe(STORY_EVENTS);
  });

  it('are answered by profiles that the simulator can play', () => {
    for (const profile of [STORY_PROFILE, KEY_UNKNOWN, HEALTHY]) expect(parseProfile(profile)).toEqual(profile);
  });

  it.each([3, 12])('give what waits and what does not wait one partition of %i', (partitions) => {
    const partitionOf = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
      ...{ partitionId, partitionErrorCode: 0, leader: 0, replicas: [], isr: [] },
    }));
    const { writings = [] } = ACTS.find(({ number }) => number === 3) ?? {};
    const taken = writings.map(({ key }) =>
      partitionOf({ topic: 'any', partitionMetadata, message: { key, value: '' } }),
    );
    expect(writings.map(({ name, key }) => [name, key])).toEqual([
      ['PAY-301', 'ORDER-7'],
      ['PAY-302', 'ORDER-7'],
      ['PAY-303', 'ORDER-7'],
      ['PAY-304', 'ORDER-18'],
    ]);
    expect(new Set(taken).size).toBe(1);
  });

  it('send what can be sent, and nothing else', () => {
    for (const { writings, expected } of all) {
      writings.forEach((writing, at) => {
        const wrong = writing.kind === 'event' ? invalidField(writing.make()) : 'bytes';
        expect(expected[at]?.attempts === 0, writing.name).toBe(wrong !== undefined);
      });
    }
  });
});
