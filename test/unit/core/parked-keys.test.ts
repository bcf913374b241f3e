import { describe, expect, test } from 'vitest';
import type { Copy } from '../../../src/core/copies.ts';
import { ParkedKeys } from '../../../src/core/parked-keys.ts';

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

  test('is passed over where its event was settled out of its copies before the source came by it again', () => {
    const parked = new ParkedKeys();
    parked.sourceFrom(4);
    for (const known of [copy(5), copy(6), copy(6, 2), copy(7)]) parked.join(known);
    for (const one of [copy(6, 2), copy(6), copy(7)]) parked.settled(one.tier, one.offset, one);
    parked.forget('1s', 105);
    expect([5, 6, 7, 8].map((origin) => parked.turnOfSource('key K', origin).kind)).toEqual([
      ...['send', 'superseded', 'superseded', 'send'],
    ]);
    parked.sourceFrom(4);
    expect(parked.turnOfSource('key K', 6)).toEqual({ kind: 'send' });
  });

  test('is sent where its event was parked by this member, or before what the source is read from', () => {
    const parked = parkedOf(copy(4), copy(5));
    parked.sourceFrom(5);
    parked.written(copy(6));
    for (const one of [copy(4), copy(5), copy(6)]) parked.settled(one.tier, one.offset);
    expect([4, 5, 6].map((origin) => parked.turnOfSource('key K', origin).kind)).toEqual([
      'send',
      'superseded',
      'send',
    ]);
  });

  test('is passed over as long as one of its copies waits', () => {
    const parked = new ParkedKeys();
    parked.sourceFrom(0);
    for (const known of [copy(6), copy(6, 2)]) parked.join(known);
    parked.settled('1s', 106);
    parked.forget('2s', 106);
    expect(parked.turnOfSource('key K', 6)).toEqual({ kind: 'send' });
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

  test('waits for no older copy of its event that came late and stands behind it: that is not sent any more', () => {
    const [newest, late] = [copy(5, 2, { tier: '2s', offset: 17 }), copy(5, 1, { tier: '2s', offset: 19 })];
    const parked = parkedOf(newest, late);
    expect(parked.turnOf(newest)).toEqual({ kind: 'send' });
    parked.settled('2s', 17);
    parked.join({ ...late });
    expect(parked.turnOf(late)).toEqual({ kind: 'superseded' });
    parked.settled('2s', 19);
    expect([parked.size, parked.turnOfSource('key K', 6).kind]).toEqual([0, 'send']);
  });

  test('is sent where a newer one of its event stood in a transaction that was aborted', () => {
    const [older, newer] = [copy(5, 1, { tier: '2s', offset: 17 }), copy(5, 2, { tier: '2s', offset: 19 })];
    const parked = parkedOf(older);
    parked.joinUndecided(newer);
    parked.forget('2s', 19);
    expect(parked.turnOf(older)).toEqual({ kind: 'send' });
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
    const parked = parkedOf(copy(5), copy(5, 2), copy(6), copy(5, 1, { key: 'key L', offset: 300 }));
    expect(parked).toMatchObject({ size: 4, keys: 2 });
    parked.leave(copy(5, 1, { key: 'key L', offset: 300 }));
    expect(parked).toMatchObject({ size: 3, keys: 1 });
  });

  test('is counted by tier: each key once, and every copy', () => {
    const parked = parkedOf(
      copy(5),
      copy(6),
      copy(6, 2),
      copy(7, 1, { key: 'key L' }),
      copy(8, 1, { key: 'key L', tier: '2s' }),
    );
    const byTier = () => Object.fromEntries(parked.byTier);
    expect(byTier()).toEqual({ '1s': { keys: 2, copies: 3 }, '2s': { keys: 2, copies: 2 } });
    parked.leave(copy(6, 2));
    expect(byTier()).toEqual({ '1s': { keys: 2, copies: 3 }, '2s': { keys: 1, copies: 1 } });
    parked.leave(copy(8, 1, { key: 'key L', tier: '2s' }));
    expect(byTier()).toEqual({ '1s': { keys: 2, copies: 3 } });
  });

  test('does not change by a copy that joins twice, or leaves without having joined', () => {
    const parked = parkedOf(copy(5), copy(5));
    expect(parked.size).toBe(1);
    parked.leave(copy(6));
    parked.leave(copy(5, 2));
    parked.leave(copy(5, 1, { key: 'key L', offset: 300 }));
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

test('a copy of which nothing can be read any more blocks its key no longer', () => {
  const parked = parkedOf(copy(5), copy(5, 2), copy(6, 1, { key: 'key L' }));
  parked.forget('1s', 105);
  expect([parked.size, parked.turnOf(copy(5, 2))]).toEqual([2, { kind: 'send' }]);
  parked.forget('2s', 105);
  expect([parked.size, parked.turnOfSource('key K', 7)]).toEqual([1, { kind: 'send' }]);
});

test('finding it takes no longer, however much is parked', () => {
  const parked = new ParkedKeys();
  const many = 20_000;
  for (let origin = 0; origin < many; origin += 1) parked.join(copy(origin, 1, { key: `key ${String(origin)}` }));
  const began = performance.now();
  for (let origin = 0; origin < many; origin += 1) parked.forget('1s', 100 + origin);
  expect(parked.size).toBe(0);
  expect(performance.now() - began).toBeLessThan(5_000);
});

describe('memory', () => {
  test('is told in bytes: as much for each copy, and as its key is long', () => {
    const parked = new ParkedKeys();
    parked.join(copy(5));
    const { bytes } = parked;
    parked.join(copy(6));
    expect(parked.bytes).toBe(2 * bytes);
    parked.join(copy(7, 1, { key: `key K${'x'.repeat(50)}` }));
    expect(parked.bytes).toBe(3 * bytes + 50);
    parked.leave(copy(7, 1, { key: `key K${'x'.repeat(50)}` }));
    parked.forget('1s', 106);
    expect(parked.bytes).toBe(bytes);
  });
});

describe('a copy at the place of another one: the topic was made anew', () => {
  const anew = copy(9, 2, { tier: '1s', offset: 105 });

  test('goes on to be parked when the record of the old one, which was in hand, is settled', () => {
    const parked = parkedOf(copy(5), copy(6));
    parked.readAgain('1s');
    parked.written(anew);
    parked.join(copy(5));
    expect(parked.size).toBe(3);
    for (const old of [copy(5), copy(6)]) parked.settled(old.tier, old.offset, old);
    expect([parked.size, parked.turnOfSource('key K', 10).kind]).toEqual([1, 'behind']);
    parked.settled(anew.tier, anew.offset, anew);
    expect([parked.size, parked.bytes, parked.turnOfSource('key K', 10).kind]).toEqual([0, 0, 'send']);
  });

  test('is lost with it where nobody has read the topic since, and leaves with it where nothing stands there', () => {
    const parked = parkedOf(copy(5), anew);
    parked.forget('1s', 105);
    expect(parked.size).toBe(0);
    const lost = parkedOf(copy(5), anew);
    expect([lost.lose('1s', 0), lost.size]).toEqual([[copy(5), anew], 0]);
  });
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

describe('a copy whose transaction may be aborted yet', () => {
  const undecided = (...copies: readonly Copy[]): ParkedKeys => {
    const parked = parkedOf(copy(5, 1));
    for (const one of copies) parked.joinUndecided(one);
    return parked;
  };

  test('keeps later events of its key waiting behind it', () => {
    expect(undecided(copy(6)).turnOfSource('key K', 7)).toEqual({ kind: 'behind', tier: '1s', notBefore: 1_000 });
  });

  test('takes the place of no other copy of its event: that waits, and is sent where it was aborted', () => {
    const parked = undecided(copy(5, 2), copy(6));
    expect([parked.turnOf(copy(5, 1)).kind, parked.turnOfSource('key K', 6).kind]).toEqual(['wait', 'wait']);
    parked.forget('2s', 105);
    parked.forget('1s', 106);
    expect([parked.turnOf(copy(5, 1)).kind, parked.turnOfSource('key K', 6).kind]).toEqual(['send', 'behind']);
    expect([parked.size, parked.keys]).toEqual([1, 1]);
  });

  test('takes it as soon as readers see it, or we have written it ourselves', () => {
    const parked = undecided(copy(5, 2), copy(6));
    parked.join(copy(5, 2));
    parked.readTo('1s', 200);
    parked.written(copy(6));
    expect([parked.turnOf(copy(5, 1)).kind, parked.turnOfSource('key K', 6).kind]).toEqual([
      'superseded',
      'superseded',
    ]);
    expect(parked.size).toBe(3);
  });

  test('gives way to one that is decided already', () => {
    const parked = undecided(copy(5, 3));
    parked.join(copy(5, 2));
    expect(parked.turnOf(copy(5, 1))).toEqual({ kind: 'superseded' });
  });

  test('that was decided stays so', () => {
    const parked = parkedOf(copy(5, 1), copy(5, 2));
    parked.joinUndecided(copy(5, 2));
    expect(parked.turnOf(copy(5, 1))).toEqual({ kind: 'superseded' });
  });
});
