import { describe, expect, test } from 'vitest';
import { Epoch, instant } from '../../../../src/kafka/group/epoch.ts';
import type { ConsumerGroup } from '../../../../src/kafka/kafkajs/types.ts';
import { AllParkedKeys } from '../../../../src/pipeline/all-parked-keys.ts';
import { CarryOver } from '../../../../src/kafka/lanes/carry-over.ts';
import type { Lane } from '../../../../src/kafka/lanes/lane.ts';

const as = (memberId: string) => ({ memberId }) as ConsumerGroup;
const generation = (number: number) => new Epoch(number, 30_000, instant());
const at = (offset: number, metadata = '') => ({ offset, metadata });
const laneAt = (partition: number, offset: number, metadata = '') =>
  ({ topic: 'pf', partition, progress: () => at(offset, metadata) }) as unknown as Lane;

/** What the group has committed of the partitions of `pf`. */
const committed = (...offsets: number[]) =>
  new Map(offsets.map((offset, partition) => [`pf:${partition}`, at(offset)]));

/** Lanes of generation 4 of this member, which had settled so much when it ended. */
function ended(lanes: readonly Lane[], isSuspect = (): boolean => false, parkedKeys = new AllParkedKeys()): CarryOver {
  const carryOver = new CarryOver(parkedKeys);
  carryOver.into(as('me'), generation(4), new Map());
  carryOver.keep(lanes, isSuspect);
  return carryOver;
}

const startsOf = (starts: ReadonlyMap<string, object>) => Object.fromEntries(starts);

describe('what was settled counts more than what was committed', () => {
  test('in the generation that follows directly', () => {
    const carryOver = ended([laneAt(0, 9, '1'), laneAt(1, 2)]);
    expect(startsOf(carryOver.into(as('me'), generation(5), committed(7, 3)))).toEqual({
      'pf:0': at(9, '1'),
      'pf:1': at(3),
    });
  });

  test('past the same offset too', () => {
    const starts = ended([laneAt(0, 7, '2')]).into(as('me'), generation(5), committed(7));
    expect(startsOf(starts)).toEqual({ 'pf:0': at(7, '2') });
  });

  test('however often that generation has to begin', () => {
    const carryOver = ended([laneAt(0, 9)]);
    carryOver.into(as('me'), generation(5), committed(7));
    expect(startsOf(carryOver.into(as('me'), generation(5), committed(7)))).toEqual({ 'pf:0': at(9) });
    expect(startsOf(carryOver.into(as('me'), generation(6), committed(7)))).toEqual({ 'pf:0': at(9) });
  });
});

describe('what was settled counts no more', () => {
  test.each([
    ['where another generation was in between', 'me', 6],
    ['where the group has begun anew', 'me', 1],
    ['for a member with another id', 'another', 5],
  ])('%s', (_, memberId, number) => {
    const carryOver = ended([laneAt(0, 9)]);
    expect(startsOf(carryOver.into(as(memberId), generation(number), committed(7)))).toEqual({ 'pf:0': at(7) });
    const next = carryOver.into(as(memberId), generation(number + 1), committed(7));
    expect(startsOf(next), 'nor later').toEqual({ 'pf:0': at(7) });
  });

  test('of a partition that somebody else had meanwhile', () => {
    const carryOver = ended([laneAt(0, 9), laneAt(1, 9)]);
    carryOver.into(as('me'), generation(5), committed(7));
    expect(startsOf(carryOver.into(as('me'), generation(6), committed(7, 8)))).toEqual({
      'pf:0': at(9),
      'pf:1': at(8),
    });
  });

  test('of a topic that was made anew: the group has nothing of it, and then its beginning', () => {
    const carryOver = ended([laneAt(0, 9)]);
    expect(startsOf(carryOver.into(as('me'), generation(5), new Map()))).toEqual({});
    expect(startsOf(carryOver.into(as('me'), generation(5), committed(0)))).toEqual({ 'pf:0': at(0) });
  });

  test('of a topic that may be another one', () => {
    const carryOver = ended([laneAt(0, 9)]);
    carryOver.into(as('me'), generation(5), committed(7));
    carryOver.keep([laneAt(0, 10)], () => true);
    expect(startsOf(carryOver.into(as('me'), generation(6), committed(7)))).toEqual({ 'pf:0': at(7) });
  });
});

describe('what was known to be parked', () => {
  const parkedAfter = (memberId: string, number: number): string => {
    const parkedKeys = new AllParkedKeys();
    const carryOver = ended([], () => false, parkedKeys);
    const parked = parkedKeys.of(0);
    parked.startAt('5s', 2);
    parked.join({ key: 'K', origin: 3, redrives: 0, hops: 1, tier: '5s', offset: 8, notBefore: 0 });
    parked.readTo('5s', 9);
    carryOver.into(as(memberId), generation(number), committed(7));
    carryOver.into(as(memberId), generation(number), committed(7));
    const again = parkedKeys.of(0);
    return `${again.turnOfSource('K', 5).kind}, read from ${again.startAt('5s', 2)}`;
  };

  test('counts in the generation that follows directly', () => {
    expect(parkedAfter('me', 5)).toBe('behind, read from 9');
  });

  test.each([
    ['where another generation was in between', 'me', 6],
    ['for a member with another id', 'another', 5],
  ])(
    'counts no more %s: a retry topic may have been made anew, and who had it then has committed there',
    (_, ...to) => {
      expect(parkedAfter(...to)).toBe('send, read from 2');
    },
  );
});
