import { describe, expect, test } from 'vitest';
import { Quarantine } from '../../../../src/kafka/lanes/quarantine.ts';
import { Waits } from '../../../../src/pipeline/waits.ts';
import { pausedGroup } from '../../../support/paused-group.ts';
import { ScriptedLane } from '../../../support/scripted-lane.ts';
import { SOURCE } from '../../../support/fixtures.ts';

const AT = `${SOURCE}:3`;

function quarantined() {
  const clock = { now: 1_000 };
  const waits = new Waits(() => clock.now);
  const { group, paused, resumed } = pausedGroup();
  const scripted = new ScriptedLane();
  return { clock, waits, group, paused, resumed, scripted, lane: scripted.lane, quarantine: new Quarantine(waits) };
}

describe('a lane that is held back', () => {
  test('gets nothing, says why, and is known to wait until it has read again', () => {
    const { waits, group, paused, lane, quarantine } = quarantined();
    expect(quarantine.reasonOf(lane)).toBeUndefined();
    quarantine.hold(group, [lane], 'corrupt');
    expect([[...paused], quarantine.reasonOf(lane), waits.of(lane)?.reason]).toEqual([[AT], 'corrupt', 'corrupt']);
    quarantine.release(group, [lane], 'corrupt');
    expect([[...paused], quarantine.reasonOf(lane)]).toEqual([[], undefined]);
    expect(waits.of(lane)?.reason, 'what it reads may be as bad as before').toBe('corrupt');
    quarantine.isOver([lane]);
    expect(waits.of(lane)).toBeUndefined();
  });

  test('for the same reason again waits since the first time, for another one since then', () => {
    const { clock, waits, group, lane, quarantine } = quarantined();
    quarantine.hold(group, [lane], 'corrupt');
    clock.now = 2_000;
    quarantine.hold(group, [lane], 'corrupt');
    expect(waits.of(lane)).toEqual({ reason: 'corrupt', since: 1_000 });
    quarantine.hold(group, [lane], 'parked_full');
    expect(waits.of(lane)).toEqual({ reason: 'parked_full', since: 2_000 });
    quarantine.isOver([lane]);
    expect(waits.of(lane)).toBeUndefined();
    clock.now = 3_000;
    quarantine.hold(group, [lane], 'parked_full');
    expect(waits.of(lane)).toEqual({ reason: 'parked_full', since: 3_000 });
  });

  test('is not released for another reason', () => {
    const { group, paused, resumed, lane, quarantine } = quarantined();
    quarantine.hold(group, [lane], 'topic_missing');
    quarantine.release(group, [lane], 'corrupt');
    expect([[...paused], resumed, quarantine.reasonOf(lane)]).toEqual([[AT], [], 'topic_missing']);
  });

  test('is not read on because it has room, and a full one not because it is released', () => {
    const { group, paused, scripted, lane, quarantine } = quarantined();
    quarantine.hold(group, [lane], 'corrupt');
    quarantine.resume(group, lane);
    expect([...paused]).toEqual([AT]);
    scripted.take(...Array.from({ length: 501 }, (_, at) => `k${at}`));
    expect(lane.full).toBe(true);
    quarantine.release(group, [lane], 'corrupt');
    expect([[...paused], quarantine.reasonOf(lane)]).toEqual([[AT], undefined]);
  });
});

test('what is over for lanes that were never held changes nothing', () => {
  const { lane, waits, quarantine } = quarantined();
  const end = waits.begin(lane, 'registry');
  quarantine.isOver([lane]);
  expect(waits.of(lane)?.reason).toBe('registry');
  end();
});
