import { describe, expect, test } from 'vitest';
import type { Copy } from '../../../src/core/copies.ts';
import { ParkedKeys } from '../../../src/core/parked-keys.ts';
import { AllParkedKeys } from '../../../src/pipeline/all-parked-keys.ts';
import { orderKey } from '../../../src/pipeline/order-key.ts';

function copy(origin: number): Copy {
  return { key: 'key pay-1', origin, redrives: 0, hops: 1, tier: '5s', offset: origin, notBefore: 0 };
}

describe('what is parked in all partitions', () => {
  test('is kept for the partitions that are kept, and forgotten for the others', () => {
    const parkedKeys = new AllParkedKeys();
    for (const partition of [1, 2, 3]) parkedKeys.of(partition).join(copy(5));
    expect(parkedKeys.keys).toBe(3);
    parkedKeys.keep([2, 3]);
    expect(parkedKeys.keys).toBe(2);
    expect(parkedKeys.of(1).keys).toBe(0);
    expect(parkedKeys.of(2).keys).toBe(1);
  });

  test('is told by partition and tier, records and keys', () => {
    const parkedKeys = new AllParkedKeys();
    for (const origin of [5, 6]) parkedKeys.of(1).join(copy(origin));
    parkedKeys.of(2).join({ ...copy(7), tier: '30s' });
    parkedKeys.of(3);
    expect(parkedKeys.byTier).toEqual([
      { tier: '5s', partition: 1, records: 2, keys: 1 },
      { tier: '30s', partition: 2, records: 1, keys: 1 },
    ]);
  });

  test('counts as unread in every partition where a topic was made anew', () => {
    const parkedKeys = new AllParkedKeys();
    for (const partition of [1, 2]) {
      parkedKeys.of(partition).startAt('5s', 0);
      parkedKeys.of(partition).readTo('5s', 50);
    }
    parkedKeys.readAgain('5s');
    expect([1, 2].map((partition) => parkedKeys.of(partition).startAt('5s', 0))).toEqual([0, 0]);
  });

  test('is full at its bound, in bytes of all partitions together, and overfull at twice as much', () => {
    const one = new ParkedKeys();
    one.join(copy(5));
    const parkedKeys = new AllParkedKeys(2 * one.bytes);
    const seen = [1, 2, 3, 4].map((partition) => {
      parkedKeys.of(partition).join(copy(5));
      return [parkedKeys.full, parkedKeys.overfull];
    });
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [true, false],
      [true, true],
    ]);
    parkedKeys.forget(3);
    expect([parkedKeys.keys, parkedKeys.overfull]).toEqual([3, false]);
  });

  test('of large keys is full as well: 750 keys of 480 KB take what 750 others take', () => {
    const parkedKeys = new AllParkedKeys();
    for (let at = 0; at < 750; at += 1) {
      const key = orderKey(Buffer.from('k'.repeat(480_000) + String(at)), '');
      parkedKeys.of(1).join({ ...copy(at), key });
    }
    expect(parkedKeys.of(1)).toMatchObject({ keys: 750 });
    expect(parkedKeys.of(1).bytes).toBeLessThan(750 * 350);
  });
});
