import { describe, expect, test } from 'vitest';
import { copyOf, ParkedKeys, orderKey, type Copy } from '../../../src/core/parked-keys.ts';
import { readProvenance, writeHeaders } from '../../../src/core/provenance.ts';
import { SOURCE, sourceRecord, TOPOLOGY } from '../../support/fixtures.ts';

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

function parkedOf(...copies: readonly Copy[]): ParkedKeys {
  const parked = new ParkedKeys();
  for (const known of copies) parked.join(known);
  return parked;
}

describe('a record of the source', () => {
  test('is sent where nothing of its key is parked', () => {
    expect(parkedOf(copy(5, 1, { key: 'key L' })).turnOfSource('key K', 6)).toEqual({ kind: 'send' });
  });

  test('waits where, and as long as, the newest copy of the event right before it does', () => {
    const parked = parkedOf(copy(5, 3), copy(7, 1), copy(7, 2), copy(9, 1));
    expect(parked.turnOfSource('key K', 8)).toEqual({ kind: 'behind', tier: '2s', notBefore: 2_000 });
  });

  test('is passed over where its event is parked already', () => {
    expect(parkedOf(copy(5), copy(6)).turnOfSource('key K', 6)).toEqual({ kind: 'superseded' });
  });

  test('is sent before later events that are parked', () => {
    expect(parkedOf(copy(5)).turnOfSource('key K', 4)).toEqual({ kind: 'send' });
  });
});

describe('a parked copy', () => {
  test('is sent where its event is the first of its key', () => {
    expect(parkedOf(copy(5), copy(6)).turnOf(copy(5))).toEqual({ kind: 'send' });
  });

  test('waits behind the event before it', () => {
    const parked = parkedOf(copy(5, 2), copy(6));
    expect(parked.turnOf(copy(6))).toEqual({ kind: 'behind', tier: '2s', notBefore: 2_000 });
  });

  test('is passed over where its event was parked again since', () => {
    expect(parkedOf(copy(5, 1), copy(5, 2)).turnOf(copy(5, 1))).toEqual({ kind: 'superseded' });
  });

  test('waits until older copies of its event are out of the way', () => {
    const parked = parkedOf(copy(5, 1), copy(5, 2));
    expect(parked.turnOf(copy(5, 2))).toEqual({ kind: 'wait' });
    parked.leave(copy(5, 1));
    expect(parked.turnOf(copy(5, 2))).toEqual({ kind: 'send' });
  });

  test('that was redriven is newer than any that was not, however often parked', () => {
    const redriven = copy(5, 1, { redrives: 1, offset: 300 });
    const parked = parkedOf(copy(5, 4), redriven);
    expect(parked.turnOf(copy(5, 4))).toEqual({ kind: 'superseded' });
    expect(parked.turnOf(redriven)).toEqual({ kind: 'wait' });
  });

  test('of two that a failed write left alike the later one counts', () => {
    const [first, second] = [copy(5, 1, { offset: 10 }), copy(5, 1, { offset: 11 })];
    const parked = parkedOf(second, first);
    expect([parked.turnOf(first), parked.turnOf(second)]).toEqual([{ kind: 'superseded' }, { kind: 'wait' }]);
  });

  test('that is the same but for its tier is told apart', () => {
    const [one, other] = [copy(5, 2, { tier: '1s' }), copy(5, 2, { tier: '2s' })];
    for (const parked of [parkedOf(one, other), parkedOf(other, one)]) {
      expect(parked.size).toBe(2);
      expect([parked.turnOf(one), parked.turnOf(other)]).toEqual([{ kind: 'superseded' }, { kind: 'wait' }]);
    }
  });
});

describe('what is known', () => {
  test('is counted by copies and by keys', () => {
    const parked = parkedOf(copy(5), copy(5, 2), copy(6), copy(5, 1, { key: 'key L' }));
    expect(parked).toMatchObject({ size: 4, keys: 2 });
    parked.leave(copy(5, 1, { key: 'key L' }));
    expect(parked).toMatchObject({ size: 3, keys: 1 });
  });

  test('does not change by a copy that joins twice, or leaves without having joined', () => {
    const parked = parkedOf(copy(5), copy(5));
    expect(parked.size).toBe(1);
    parked.leave(copy(6));
    parked.leave(copy(5, 2));
    parked.leave(copy(5, 1, { key: 'key L' }));
    expect(parked).toMatchObject({ size: 1, keys: 1 });
  });

  test('does not take up a written copy whose topic is read beyond it: it may have been sent already', () => {
    const parked = new ParkedKeys();
    parked.readTo('1s', 106);
    parked.written(copy(5));
    expect(parked.size).toBe(0);
    parked.written(copy(6));
    parked.written(copy(7, 2));
    expect(parked.size).toBe(2);
  });

  test('is forgotten up to the committed offset, of that tier only', () => {
    const parked = parkedOf(copy(5), copy(6), copy(7, 2, { offset: 50 }));
    expect(parked.startAt('1s', 106)).toBe(106);
    expect(parked.size).toBe(2);
    expect(parked.turnOfSource('key K', 9)).toMatchObject({ kind: 'behind', tier: '2s' });
    expect(parked.turnOf(copy(6))).toEqual({ kind: 'send' });
  });

  test('need not be read again', () => {
    const parked = new ParkedKeys();
    expect(parked.startAt('1s', 100)).toBe(100);
    parked.readTo('1s', 120);
    parked.readTo('1s', 110);
    expect(parked.startAt('1s', 100)).toBe(120);
    expect(parked.startAt('1s', 104)).toBe(120);
    expect(parked.startAt('1s', 130)).toBe(130);
    expect(parked.startAt('1s', 131)).toBe(131);
    expect(parked.startAt('2s', 3)).toBe(3);
  });

  test('is read anew where offsets were set back behind what was ever known', () => {
    const parked = new ParkedKeys();
    parked.startAt('1s', 100);
    parked.join(copy(5));
    parked.readTo('1s', 120);
    expect(parked.startAt('1s', 90)).toBe(90);
    expect(parked.size).toBe(0);
  });
});

describe('the key', () => {
  test('is the record key, or the payment where that is empty or missing', () => {
    expect(orderKey(Buffer.from('P'), 'Q')).not.toBe(orderKey(Buffer.from('R'), 'Q'));
    expect(orderKey(Buffer.from('P'), 'Q')).toBe(orderKey(Buffer.from('P'), 'R'));
    expect(orderKey(null, 'P')).toBe(orderKey(Buffer.alloc(0), 'P'));
    expect(orderKey(null, 'P')).not.toBe(orderKey(null, 'Q'));
    expect(orderKey(Buffer.from('P'), 'P')).not.toBe(orderKey(null, 'P'));
  });

  test('may be any bytes', () => {
    expect(orderKey(Buffer.from([0xff]), '')).not.toBe(orderKey(Buffer.from([0xfe]), ''));
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
    return copyOf(record, TOPOLOGY, readProvenance(record, SOURCE));
  };

  test('is read from its headers', () => {
    const expected = { key: 'key K', origin: 41, redrives: 0, hops: 2, tier: '30s', offset: 8, notBefore: 5_000 };
    expect(parked()).toEqual(expected);
    expect(parked({ ...history, ...{ redriveCount: 2 } })).toEqual({ ...expected, redrives: 2 });
    expect(parked(history, null)).toEqual({ ...expected, key: 'payment pay-1' });
  });

  test('is none for a record of the source', () => {
    const record = sourceRecord();
    expect(copyOf(record, TOPOLOGY, readProvenance(record, SOURCE))).toBeUndefined();
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
  const parked = parkedOf(copy(5), copy(5, 2), copy(6, 1, { key: 'key L' }));
  parked.forget('1s', 105);
  expect([parked.size, parked.turnOf(copy(5, 2))]).toEqual([2, { kind: 'send' }]);
  parked.forget('2s', 105);
  expect([parked.size, parked.turnOfSource('key K', 7)]).toEqual([1, { kind: 'send' }]);
});

describe('a retry topic that was deleted', () => {
  const tier = { tier: '1s' };

  test('takes its copies with it from the given offset on, and keeps nobody waiting for them', () => {
    const parked = parkedOf(copy(5, 1), copy(6, 1), copy(7, 2));
    expect(parked.lose('1s', 106)).toEqual([copy(6, 1)]);
    expect(parked.turnOfSource('key K', 6)).toEqual({ kind: 'behind', tier: '1s', notBefore: 1_000 });
    expect(parked.lose('1s', 0)).toEqual([copy(5, 1)]);
    expect(parked.turnOfSource('key K', 6)).toEqual({ kind: 'send' });
    expect(parked.size).toBe(1);
  });

  test.each(['lose', 'readAgain'] as const)(
    'is read from its new beginning, and what is written there joins: %s',
    (how) => {
      const parked = new ParkedKeys();
      parked.startAt('1s', 0);
      parked.readTo('1s', 50);
      if (how === 'lose') parked.lose('1s', 0);
      else parked.readAgain('1s');
      expect(parked.startAt('1s', 0)).toBe(0);
      parked.written(copy(5, 1, { ...tier, offset: 0 }));
      expect(parked.size).toBe(1);
    },
  );
});
