import { expect, test } from 'vitest';
import type { Lane } from '../../../../src/kafka/lanes/lane.ts';
import { Quarantine } from '../../../../src/kafka/lanes/quarantine.ts';
import { Standing } from '../../../../src/kafka/lanes/standing.ts';
import { Waits } from '../../../../src/pipeline/waits.ts';
import { pausedGroup } from '../../../support/paused-group.ts';

const PLACES = ['pf:0', 'pf:1', 'retry:0', 'retry:1'];

/** Lanes of two partitions of a source and of a retry topic; `of` says why each stands. */
function standing() {
  const { group, paused, resumed } = pausedGroup();
  const waits = new Waits();
  const quarantine = new Quarantine(waits);
  const lanes = PLACES.map((place) => {
    const [topic = '', partition] = place.split(':');
    return { topic, partition: Number(partition), full: false } as unknown as Lane;
  });
  const of = (): Record<string, string> =>
    Object.fromEntries(
      lanes.flatMap((lane, at) => {
        const reason = quarantine.reasonOf(lane);
        expect(waits.of(lane)?.reason, 'it is known to wait for that').toBe(reason);
        return reason === undefined ? [] : [[PLACES[at] ?? '', reason] as const];
      }),
    );
  const stands = new Standing(group, lanes, quarantine);
  return { stands, quarantine, group, lanes, paused, resumed, of };
}

test('a partition number of which not all is known that is parked stands in every topic, until it is known', () => {
  const { stands, paused, of } = standing();
  stands.know(new Map([[1, 'parked_unread']]));
  expect(of()).toEqual({ 'pf:1': 'parked_unread', 'retry:1': 'parked_unread' });
  stands.know(new Map([[0, 'parked_full']]));
  expect(of()).toEqual({ 'pf:0': 'parked_full', 'retry:0': 'parked_full' });
  stands.know(new Map());
  expect([of(), paused.size]).toEqual([{}, 0]);
});

test('what stands for a moment only, for a corrupt batch, is not let go by what is known to be parked', () => {
  const { stands, quarantine, group, lanes, of } = standing();
  quarantine.hold(group, lanes.slice(0, 1), 'corrupt');
  stands.know(new Map());
  expect(of()).toEqual({ 'pf:0': 'corrupt' });
});

test('the lanes of a topic that may be gone stand, whatever else is known of their numbers meanwhile', () => {
  const { stands, of } = standing();
  stands.standStill('retry');
  stands.know(new Map([[0, 'parked_unread']]));
  expect(of()).toEqual({ 'pf:0': 'parked_unread', 'retry:0': 'topic_missing', 'retry:1': 'topic_missing' });
});

test('when it is back they go on, but for what they have to wait for besides', () => {
  const { stands, of } = standing();
  stands.give([1]);
  expect(of()).toEqual({ 'pf:1': 'topic_missing', 'retry:1': 'topic_missing' });
  stands.know(new Map([[0, 'parked_full']]));
  stands.standStill('pf');
  stands.standStill('retry');
  stands.goOn('pf');
  expect(of()).toEqual({
    ...{ 'pf:0': 'parked_full', 'pf:1': 'topic_missing' },
    ...{ 'retry:0': 'topic_missing', 'retry:1': 'topic_missing' },
  });
  stands.goOn('retry');
  stands.know(new Map());
  expect(of()).toEqual({ 'pf:1': 'topic_missing', 'retry:1': 'topic_missing' });
});
