import { describe, expect, test } from 'vitest';
import { readProvenance, writeHeaders } from '../../../src/core/provenance.ts';
import { orderKey } from '../../../src/pipeline/order-key.ts';
import { copyOf } from '../../../src/pipeline/parked-copy.ts';
import { SOURCE, sourceRecord, TOPOLOGY } from '../../support/fixtures.ts';

describe('the key', () => {
  test('is the record key, or the payment where that is empty or missing', () => {
    expect(orderKey(Buffer.from('P'), 'Q')).not.toBe(orderKey(Buffer.from('R'), 'Q'));
    expect(orderKey(Buffer.from('P'), 'Q')).toBe(orderKey(Buffer.from('P'), 'R'));
    expect(orderKey(null, 'P')).toBe(orderKey(Buffer.alloc(0), 'P'));
    expect(orderKey(null, 'P')).not.toBe(orderKey(null, 'Q'));
    expect(orderKey(Buffer.from('P'), 'P')).not.toBe(orderKey(null, 'P'));
  });

  test('of any length takes at most 80 characters, and is the same only for the same bytes', () => {
    const long = (end: string): Buffer => Buffer.from('x'.repeat(480_000) + end);
    expect(orderKey(long('1'), 'P').length).toBeLessThanOrEqual(80);
    expect(orderKey(long('1'), 'P')).toBe(orderKey(long('1'), 'Q'));
    expect(orderKey(long('1'), 'P')).not.toBe(orderKey(long('2'), 'P'));
    expect(orderKey(Buffer.alloc(65, 'a'), '')).not.toBe(orderKey(Buffer.alloc(66, 'a'), ''));
    expect(orderKey(Buffer.alloc(64, 'a'), '')).toBe(`key ${'a'.repeat(64)}`);
    expect(orderKey(null, 'P'.repeat(900)).length).toBeLessThanOrEqual(80);
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
