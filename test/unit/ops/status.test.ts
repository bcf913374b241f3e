import { expect, test } from 'vitest';
import { StatusKeeper, type LaneView, type StatusParts } from '../../../src/ops/status.ts';
import { SOURCE, sourceRecord, TOPOLOGY } from '../../support/fixtures.ts';

const NOW = Date.parse('2026-11-28T03:00:00Z');
const RETRY = TOPOLOGY.retryTopics[0] ?? '';

function lane(parts: Partial<LaneView> = {}): LaneView {
  return {
    ...{ topic: SOURCE, partition: 0, position: 12, committed: 11, end: 15 },
    ...{ oldest: undefined, wait: undefined },
    ...parts,
  };
}

function parts(lanes: readonly LaneView[] = []): StatusParts {
  return {
    member: { id: 'm-1', generation: 4, state: 'serving', since: NOW - 60_000 },
    lanes,
    parked: [],
    pace: { limit: 0 },
    keys: { active: '1', signing: '1', versions: ['1'] },
  };
}

function keeper() {
  const clock = { now: NOW };
  return { clock, kept: new StatusKeeper(TOPOLOGY, () => clock.now) };
}

test('a lane shows where it stands, and that it waits for nothing', () => {
  const { lanes, member } = keeper().kept.status(parts([lane()]));
  expect(member).toEqual({ id: 'm-1', generation: 4, state: 'serving', since: '2026-11-28T02:59:00.000Z' });
  expect(lanes).toEqual([
    { topic: SOURCE, partition: 0, tier: 'main', position: 12, committed: 11, lag: 4, waitsFor: null, since: null },
  ]);
});

test('lag is not known before the brokers have said where a partition ends', () => {
  expect(keeper().kept.status(parts([lane({ end: undefined })])).lanes[0]?.lag).toBeNull();
});

test('a lane with work waits for a hold, from when it began until it ends', () => {
  const { kept, clock } = keeper();
  const working = parts([lane({ oldest: sourceRecord() }), lane({ partition: 1 })]);
  kept.observe({ kind: 'hold_began', reason: 'KEY_NOT_FOUND', paymentId: 'P-1' });
  clock.now += 5_000;
  const held = kept.status(working);
  expect(held.hold).toEqual({ reason: 'KEY_NOT_FOUND', since: '2026-11-28T03:00:00.000Z' });
  expect(held.lanes.map(({ waitsFor, since }) => [waitsFor, since])).toEqual([
    ['hold', '2026-11-28T03:00:00.000Z'],
    [null, null],
  ]);
  kept.observe({ kind: 'hold_ended', reason: 'KEY_NOT_FOUND', heldMs: 5_000 });
  expect(kept.status(working)).toMatchObject({ hold: null, lanes: [{ waitsFor: null }, { waitsFor: null }] });
});

test('what is not due waits for its time, and what stands for its cause, hold or not', () => {
  const { kept } = keeper();
  kept.observe({ kind: 'hold_began', reason: 'outage', paymentId: '' });
  const headers = { 'notifier-not-before': String(NOW + 1_000) };
  const parked = sourceRecord({ topic: RETRY, headers, timestamp: NOW - 2_000 });
  const wait = { reason: 'produce', since: NOW - 9_000 } as const;
  const { lanes } = kept.status(
    parts([lane({ topic: RETRY, oldest: parked }), lane({ oldest: sourceRecord(), wait })]),
  );
  expect(lanes.map(({ tier, waitsFor, since }) => [tier, waitsFor, since])).toEqual([
    ['main', 'produce', '2026-11-28T02:59:51.000Z'],
    [TOPOLOGY.tierOf(RETRY), 'due', '2026-11-28T02:59:58.000Z'],
  ]);
});

test('the last twenty troubles are kept, newest first', () => {
  const { kept, clock } = keeper();
  for (let at = 1; at <= 25; at += 1) {
    clock.now = NOW + at * 1_000;
    kept.troubled({ event: 'waiting', detail: String(at), remedy: 'wait' });
  }
  const { trouble } = kept.status(parts());
  expect(trouble).toHaveLength(20);
  expect(trouble[0]).toEqual({ at: '2026-11-28T03:00:25.000Z', event: 'waiting', detail: '25', remedy: 'wait' });
  expect(trouble.at(-1)?.detail).toBe('6');
});
