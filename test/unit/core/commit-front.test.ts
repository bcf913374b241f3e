import { describe, expect, test } from 'vitest';
import { CommitFront } from '../../../src/core/commit-front.ts';

function taken(front: CommitFront, from: number, to: number): CommitFront {
  for (let offset = from; offset <= to; offset += 1) front.take(offset);
  return front;
}

test('a new front stands where it begins', () => {
  const front = new CommitFront(100);
  expect([front.front, front.next, front.past, front.metadata()]).toEqual([100, 100, 0, '']);
});

test('settling in order moves the front by one each time', () => {
  const front = taken(new CommitFront(100), 100, 102);
  const fronts = [100, 101, 102].map((offset) => {
    front.settle(offset);
    return front.front;
  });
  expect(fronts).toEqual([101, 102, 103]);
});

test('what is settled past the front travels as ranges relative to it', () => {
  const front = taken(new CommitFront(100), 100, 110);
  for (const offset of [103, 101, 104, 105, 109]) front.settle(offset);
  expect(front.front).toBe(100);
  expect(front.metadata()).toBe('1,3-5,9');
  front.settle(100);
  expect(front.front).toBe(102);
  expect(front.metadata()).toBe('1-3,7');
});

test('offsets that no reader sees are passed once everything before them is settled', () => {
  const front = taken(new CommitFront(0), 0, 1);
  front.skipTo(5);
  front.settle(1);
  expect([front.front, front.next]).toEqual([0, 5]);
  front.settle(0);
  expect([front.front, front.next]).toEqual([5, 5]);
});

test('passing never goes back', () => {
  const front = taken(new CommitFront(10), 10, 12);
  front.skipTo(11);
  expect(front.next).toBe(13);
});

test('many thousands of records leave no trace', () => {
  const front = new CommitFront(0);
  for (let offset = 0; offset < 10_000; offset += 2) {
    front.take(offset);
    front.take(offset + 1);
    front.settle(offset + 1);
    front.settle(offset);
  }
  expect([front.front, front.past, front.metadata()]).toEqual([10_000, 0, '']);
});

describe('metadata', () => {
  test.each([
    '',
    'x',
    '1-',
    '-1',
    '1--2',
    '1,',
    ',1',
    '1, 2',
    '1;2',
    '{"a":1}',
    '１',
    '1\n',
    '12345678901234567',
    '0-4096',
    '0x1',
    '5-3',
  ])('%j that somebody else wrote says nothing', (metadata) => {
    const front = new CommitFront(100, metadata);
    const answers = [100, 101, 102, 103, 104, 105].map((offset) => front.take(offset));
    expect(new Set(answers)).toEqual(new Set(['unsettled']));
    expect([front.front, front.past]).toEqual([100, 0]);
  });

  test('names offsets of any number of digits', () => {
    const front = taken(new CommitFront(100, '12-14,30,200-1000'), 100, 1_099);
    expect(front.past).toBe(3 + 1 + 801);
    expect(front.metadata()).toBe('12-14,30,200-1000');
  });

  test('that is a whole batch is read before the front moves past it', () => {
    const front = new CommitFront(100, '1-3');
    expect([100, 101, 102, 103, 104].map((offset) => front.take(offset))).toEqual([
      'unsettled',
      'settled',
      'settled',
      'settled',
      'unsettled',
    ]);
    expect(front.front).toBe(100);
    front.settle(100);
    expect(front.front).toBe(104);
  });

  test('about records that the broker has deleted meanwhile is forgotten with them', () => {
    const front = new CommitFront(100, '1-3,8');
    front.skipTo(106);
    expect(front.past).toBe(1);
    front.skipTo(200);
    expect([front.front, front.past, front.metadata()]).toEqual([200, 0, '']);
  });

  test.each([
    ['near', 2],
    ['a million apart', 1_000_000],
    ['as far as offsets go', 2 ** 42],
  ])('names every offset that there was room for, in the 4,096 bytes a broker keeps: %s', (_, gap) => {
    const front = new CommitFront(100);
    front.take(100);
    let past = 0;
    for (let at = 1; at < 2_000 && front.hasRoom(0); at += 1) {
      front.take(100 + at * gap);
      if (!front.hasRoom(0)) break;
      front.settle(100 + at * gap);
      past += 1;
    }
    expect(past).toBeGreaterThan(200);
    expect([front.past, front.metadata().length <= 4_096]).toEqual([past, true]);
    expect(new CommitFront(100, front.metadata()).past).toBe(past);
  });

  test('leaves room for what is in flight', () => {
    const front = taken(new CommitFront(0), 0, 9_999);
    expect([front.hasRoom(818), front.hasRoom(819)]).toEqual([false, false]);
    expect([front.hasRoom(681), front.hasRoom(682)]).toEqual([true, false]);
    front.settle(5_000);
    expect([front.hasRoom(680), front.hasRoom(681)]).toEqual([true, false]);
  });

  test('takes every byte that a broker keeps, and not one more', () => {
    const front = taken(new CommitFront(0), 0, 3_000);
    front.settle(2);
    for (let at = 0; at < 819; at += 1) front.settle(1_000 + 2 * at);
    expect(front.metadata()).toHaveLength(4_096);
    expect(new CommitFront(0, front.metadata()).past).toBe(820);
    front.settle(2_900);
    expect(new CommitFront(0, front.metadata()).past).toBe(820);
  });

  test('has room up to the last byte', () => {
    const front = taken(new CommitFront(0), 0, 99);
    expect([front.hasRoom(1_023), front.hasRoom(1_024)]).toEqual([true, false]);
  });

  test('counts from the front: it has as much room far on in a topic as at its beginning', () => {
    const start = 2 ** 42;
    const front = taken(new CommitFront(start), start, start + 99);
    expect([front.hasRoom(1_023), front.hasRoom(1_024)]).toEqual([true, false]);
  });

  test('of more than that names the first ones, and a restart reads what was written', () => {
    const front = taken(new CommitFront(0), 0, 20_000);
    for (let offset = 2; offset <= 20_000; offset += 2) front.settle(offset);
    const metadata = front.metadata();
    expect(metadata.length).toBeLessThanOrEqual(4_096);
    expect(metadata.length).toBeGreaterThan(4_080);
    expect(new CommitFront(0, metadata).metadata()).toBe(metadata);
  });

  test('of one long stretch is bounded as well, and read back', () => {
    const front = taken(new CommitFront(0), 0, 20_000);
    for (let offset = 1; offset <= 20_000; offset += 1) front.settle(offset);
    expect(front.metadata()).toBe('1-4096');
    expect(new CommitFront(0, front.metadata()).past).toBe(4_096);
  });
});
