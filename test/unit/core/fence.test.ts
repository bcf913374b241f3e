import { describe, expect, test } from 'vitest';
import { copyOf, Fence, fenceKey, type Copy } from '../../../src/core/fence.ts';
import { readProvenance, writeHeaders } from '../../../src/core/provenance.ts';
import { SOURCE, sourceRecord } from '../../support/fixtures.ts';

const copy = (origin: number, hops = 1, more: Partial<Copy> = {}): Copy => ({
  key: 'key K',
  origin,
  redrives: 0,
  hops,
  tier: `${String(hops)}s`,
  offset: 100 + origin,
  notBefore: 1_000 * hops,
  ...more,
});

function fenceOf(...copies: readonly Copy[]): Fence {
  const fence = new Fence();
  for (const known of copies) fence.join(known);
  return fence;
}

describe('a record of the source', () => {
  test('is sent where nothing of its key is parked', () => {
    expect(fenceOf(copy(5, 1, { key: 'key L' })).turnOfSource('key K', 6)).toEqual({ kind: 'send' });
  });

  test('waits where, and as long as, the newest copy of the event right before it does', () => {
    const fence = fenceOf(copy(5, 3), copy(7, 1), copy(7, 2), copy(9, 1));
    expect(fence.turnOfSource('key K', 8)).toEqual({ kind: 'behind', tier: '2s', notBefore: 2_000 });
  });

  test('is passed over where its event is parked already', () => {
    expect(fenceOf(copy(5), copy(6)).turnOfSource('key K', 6)).toEqual({ kind: 'pass' });
  });

  test('is sent before later events that are parked', () => {
    expect(fenceOf(copy(5)).turnOfSource('key K', 4)).toEqual({ kind: 'send' });
  });
});

describe('a parked copy', () => {
  test('is sent where its event is the first of its key', () => {
    expect(fenceOf(copy(5), copy(6)).turnOf(copy(5))).toEqual({ kind: 'send' });
  });

  test('waits behind the event before it', () => {
    const fence = fenceOf(copy(5, 2), copy(6));
    expect(fence.turnOf(copy(6))).toEqual({ kind: 'behind', tier: '2s', notBefore: 2_000 });
  });

  test('is passed over where its event was parked again since', () => {
    expect(fenceOf(copy(5, 1), copy(5, 2)).turnOf(copy(5, 1))).toEqual({ kind: 'pass' });
  });

  test('waits until older copies of its event are out of the way', () => {
    const fence = fenceOf(copy(5, 1), copy(5, 2));
    expect(fence.turnOf(copy(5, 2))).toEqual({ kind: 'wait' });
    fence.leave(copy(5, 1));
    expect(fence.turnOf(copy(5, 2))).toEqual({ kind: 'send' });
  });

  test('that was redriven is newer than any that was not, however often parked', () => {
    const redriven = copy(5, 1, { redrives: 1, offset: 300 });
    const fence = fenceOf(copy(5, 4), redriven);
    expect(fence.turnOf(copy(5, 4))).toEqual({ kind: 'pass' });
    expect(fence.turnOf(redriven)).toEqual({ kind: 'wait' });
  });

  test('of two that a failed write left alike the later one counts', () => {
    const [first, second] = [copy(5, 1, { offset: 10 }), copy(5, 1, { offset: 11 })];
    const fence = fenceOf(second, first);
    expect([fence.turnOf(first), fence.turnOf(second)]).toEqual([{ kind: 'pass' }, { kind: 'wait' }]);
  });

  test('that is the same but for its tier is told apart', () => {
    const [one, other] = [copy(5, 2, { tier: '1s' }), copy(5, 2, { tier: '2s' })];
    for (const fence of [fenceOf(one, other), fenceOf(other, one)]) {
      expect(fence.size).toBe(2);
      expect([fence.turnOf(one), fence.turnOf(other)]).toEqual([{ kind: 'pass' }, { kind: 'wait' }]);
    }
  });
});

describe('what is known', () => {
  test('is counted by copies and by keys', () => {
    const fence = fenceOf(copy(5), copy(5, 2), copy(6), copy(5, 1, { key: 'key L' }));
    expect(fence).toMatchObject({ size: 4, keys: 2 });
    fence.leave(copy(5, 1, { key: 'key L' }));
    expect(fence).toMatchObject({ size: 3, keys: 1 });
  });

  test('does not change by a copy that joins twice, or leaves without having joined', () => {
    const fence = fenceOf(copy(5), copy(5));
    expect(fence.size).toBe(1);
    fence.leave(copy(6));
    fence.leave(copy(5, 2));
    fence.leave(copy(5, 1, { key: 'key L' }));
    expect(fence).toMatchObject({ size: 1, keys: 1 });
  });

  test('does not take up a written copy whose topic is read beyond it: it may have been sent already', () => {
    const fence = new Fence();
    fence.readTo('1s', 106);
    fence.written(copy(5));
    expect(fence.size).toBe(0);
    fence.written(copy(6));
    fence.written(copy(7, 2));
    expect(fence.size).toBe(2);
  });

  test('is forgotten up to the committed offset, of that tier only', () => {
    const fence = fenceOf(copy(5), copy(6), copy(7, 2, { offset: 50 }));
    expect(fence.startAt('1s', 106)).toBe(106);
    expect(fence.size).toBe(2);
    expect(fence.turnOfSource('key K', 9)).toMatchObject({ kind: 'behind', tier: '2s' });
    expect(fence.turnOf(copy(6))).toEqual({ kind: 'send' });
  });

  test('need not be read again', () => {
    const fence = new Fence();
    expect(fence.startAt('1s', 100)).toBe(100);
    fence.readTo('1s', 120);
    fence.readTo('1s', 110);
    expect(fence.startAt('1s', 100)).toBe(120);
    expect(fence.startAt('1s', 104)).toBe(120);
    expect(fence.startAt('1s', 130)).toBe(130);
    expect(fence.startAt('1s', 131)).toBe(131);
    expect(fence.startAt('2s', 3)).toBe(3);
  });

  test('is read anew where offsets were set back behind what was ever known', () => {
    const fence = new Fence();
    fence.startAt('1s', 100);
    fence.join(copy(5));
    fence.readTo('1s', 120);
    expect(fence.startAt('1s', 90)).toBe(90);
    expect(fence.size).toBe(0);
  });
});

describe('the key', () => {
  test('is the record key, or the payment where that is empty or missing', () => {
    expect(fenceKey(Buffer.from('P'), 'Q')).not.toBe(fenceKey(Buffer.from('R'), 'Q'));
    expect(fenceKey(Buffer.from('P'), 'Q')).toBe(fenceKey(Buffer.from('P'), 'R'));
    expect(fenceKey(null, 'P')).toBe(fenceKey(Buffer.alloc(0), 'P'));
    expect(fenceKey(null, 'P')).not.toBe(fenceKey(null, 'Q'));
    expect(fenceKey(Buffer.from('P'), 'P')).not.toBe(fenceKey(null, 'P'));
  });

  test('may be any bytes', () => {
    expect(fenceKey(Buffer.from([0xff]), '')).not.toBe(fenceKey(Buffer.from([0xfe]), ''));
  });
});

describe('the copy a record is', () => {
  const origin = { topic: SOURCE, partition: 3, offset: 41, timestamp: 1 };
  const history = { origin, attempts: 2, hops: 2, notBefore: 5_000, paymentId: 'pay-1' };
  const parked = (provenance = history, key: Buffer | null = Buffer.from('K')) => {
    const record = sourceRecord({
      topic: `${SOURCE}.retry.30s`,
      key,
      offset: 8,
      headers: writeHeaders({}, provenance),
    });
    return copyOf(record, '30s', readProvenance(record, SOURCE));
  };

  test('is read from its headers', () => {
    const expected = { key: 'key K', origin: 41, redrives: 0, hops: 2, tier: '30s', offset: 8, notBefore: 5_000 };
    expect(parked()).toEqual(expected);
    expect(parked({ ...history, ...{ redriveCount: 2 } })).toEqual({ ...expected, redrives: 2 });
    expect(parked(history, null)).toEqual({ ...expected, key: 'payment pay-1' });
  });

  test('is none for a record of the source', () => {
    const record = sourceRecord();
    expect(copyOf(record, 'main', readProvenance(record, SOURCE))).toBeUndefined();
  });

  test('is none where the event came from elsewhere', () => {
    expect(parked({ ...history, origin: { ...origin, partition: 4 } })).toBeUndefined();
    expect(parked({ ...history, origin: { ...origin, topic: 'other' } })).toBeUndefined();
  });

  test('is none where nothing names its key', () => {
    const { paymentId, ...nameless } = history;
    expect(paymentId).toBeDefined();
    expect(parked(nameless as typeof history, null)).toBeUndefined();
  });
});

test('a copy of which nothing can be read any more blocks its key no longer', () => {
  const fence = fenceOf(copy(5), copy(5, 2), copy(6, 1, { key: 'key L' }));
  fence.forget('1s', 105);
  expect([fence.size, fence.turnOf(copy(5, 2))]).toEqual([2, { kind: 'send' }]);
  fence.forget('2s', 105);
  expect([fence.size, fence.turnOfSource('key K', 7)]).toEqual([1, { kind: 'send' }]);
});

describe('a retry topic that was deleted', () => {
  const tier = { tier: '1s' };

  test('takes its copies with it from the given offset on, and keeps nobody waiting for them', () => {
    const fence = fenceOf(copy(5, 1), copy(6, 1), copy(7, 2));
    expect(fence.lose('1s', 106)).toEqual([copy(6, 1)]);
    expect(fence.turnOfSource('key K', 6)).toEqual({ kind: 'behind', tier: '1s', notBefore: 1_000 });
    expect(fence.lose('1s', 0)).toEqual([copy(5, 1)]);
    expect(fence.turnOfSource('key K', 6)).toEqual({ kind: 'send' });
    expect(fence.size).toBe(1);
  });

  test.each(['lose', 'readAgain'] as const)(
    'is read from its new beginning, and what is written there joins: %s',
    (how) => {
      const fence = new Fence();
      fence.startAt('1s', 0);
      fence.readTo('1s', 50);
      if (how === 'lose') fence.lose('1s', 0);
      else fence.readAgain('1s');
      expect(fence.startAt('1s', 0)).toBe(0);
      fence.written(copy(5, 1, { ...tier, offset: 0 }));
      expect(fence.size).toBe(1);
    },
  );
});
