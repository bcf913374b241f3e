import { describe, expect, it } from 'vitest';
import { ACTS, HEALTHY, HOLD_ACT, KEY_UNKNOWN, STORY_EVENTS, STORY_PROFILE } from '../../deploy/local/demo-acts.ts';
import { invalidField } from '../../src/core/event.ts';
import { parseProfile } from '../../src/simulator/faults.ts';

const all = [...ACTS, HOLD_ACT];

describe('the acts of the demo', () => {
  it('are thirty events whose first digit is their act', () => {
    expect(STORY_EVENTS).toBe(30);
    for (const { number, writings } of all) {
      for (const { key } of writings) expect(key).toMatch(new RegExp(`^PAY-${number}\\d\\d$`));
    }
    expect(new Set(all.flatMap(({ writings }) => writings.map(({ key }) => key))).size).toBe(STORY_EVENTS);
  });

  it('are answered by profiles that the simulator can play', () => {
    for (const profile of [STORY_PROFILE, KEY_UNKNOWN, HEALTHY]) expect(parseProfile(profile)).toEqual(profile);
  });

  it('send what can be sent, and nothing else', () => {
    for (const { writings, expected } of all) {
      writings.forEach((writing, at) => {
        const wrong = writing.kind === 'event' ? invalidField(writing.make()) : 'bytes';
        expect(expected[at]?.attempts === 0, writing.key).toBe(wrong !== undefined);
      });
    }
  });
});
