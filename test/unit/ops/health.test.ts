import { describe, expect, test } from 'vitest';
import { liveness, readiness, startup, type HealthFacts } from '../../../src/ops/health.ts';

const NOW = 1_000_000;
const WELL: HealthFacts = {
  stage: 'running',
  member: 'serving',
  now: NOW,
  tickedAt: NOW - 1_000,
  contactAt: NOW - 1_000,
};

function failing(checks: Readonly<Record<string, { ok: boolean }>>): string[] {
  return Object.entries(checks).flatMap(([name, { ok }]) => (ok ? [] : [name]));
}

test('a member that runs is alive, started and ready, and each check says what it saw', () => {
  expect([liveness(WELL), startup(), readiness(WELL)].flatMap(failing)).toEqual([]);
  expect(readiness(WELL)['brokers']).toEqual({ ok: true, detail: 'the brokers answered within 30 s' });
});

describe('readiness', () => {
  test.each<[string, Partial<HealthFacts>, string[]]>([
    ['while it connects', { stage: 'connecting', member: undefined, contactAt: undefined }, ['brokers', 'group']],
    ['while it joins', { member: 'joining' }, ['group']],
    ['while it finishes what is in flight before it joins again', { member: 'closing' }, []],
    ['after it was thrown out of its group', { member: 'outside' }, ['group']],
    ['while it is stopping and has left', { stage: 'draining', member: 'outside' }, ['group', 'serving']],
    ['while it drains', { stage: 'draining' }, ['serving']],
    ['after 30 s without an answer', { contactAt: NOW - 30_000 }, ['brokers']],
    ['just before', { contactAt: NOW - 29_999 }, []],
  ])('%s', (_, facts, names) => {
    expect(failing(readiness({ ...WELL, ...facts }))).toEqual(names);
  });

  test('says what is not true', () => {
    expect(readiness({ ...WELL, stage: 'draining' })['serving']?.detail).toBe('not true: this member is not draining');
  });
});

describe('liveness', () => {
  test('is lost when the event loop has stood still for two minutes, and by nothing else', () => {
    const lost: HealthFacts = { ...WELL, stage: 'connecting', contactAt: undefined };
    expect(failing(liveness({ ...lost, tickedAt: NOW - 119_999 }))).toEqual([]);
    expect(failing(liveness({ ...lost, tickedAt: NOW - 120_000 }))).toEqual(['loop']);
  });
});
