import { describe, expect, test } from 'vitest';
import { readProvenance, writeHeaders, type Provenance } from '../../../src/core/provenance.ts';
import type { Headers } from '../../../src/core/record.ts';
import { SOURCE, sourceRecord } from '../../support/fixtures.ts';

const ORIGIN = { topic: SOURCE, partition: 3, offset: 7, timestamp: 1_700_000_000_000 };
const NEW = { origin: ORIGIN, attempts: 0, hops: 0 };

const parked = (headers: Headers) =>
  sourceRecord({ topic: `${SOURCE}.retry.5s`, partition: 3, offset: 99, timestamp: 1_700_000_009_000, headers });

function text(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

describe('a source record', () => {
  test('has its own place as origin and no history', () => {
    expect(readProvenance(sourceRecord(), SOURCE)).toEqual(NEW);
  });

  test('cannot forge a history: none of its notifier-* headers is read, none moves on', () => {
    const forged: Headers = {
      'notifier-origin-topic': 'elsewhere',
      'notifier-origin-offset': '1',
      'notifier-attempts': '99',
      'notifier-hops': '99',
      'notifier-first-attempt-at': '1',
      'notifier-not-before': '99999999999999',
      'notifier-body': Buffer.from('{"forged":true}'),
      'notifier-redrive-id': 'r',
      'notifier-of-tomorrow': 'x',
      trace: Buffer.from('kept'),
    };
    const record = sourceRecord({ headers: forged });
    const provenance = readProvenance(record, SOURCE);
    expect(provenance).toEqual(NEW);
    expect(text(writeHeaders(record.headers, provenance))).toEqual({
      trace: 'kept',
      'notifier-origin-topic': SOURCE,
      'notifier-origin-partition': '3',
      'notifier-origin-offset': '7',
      'notifier-origin-timestamp': '1700000000000',
      'notifier-attempts': '0',
      'notifier-hops': '0',
    });
  });
});

test('a header longer than any this service writes is none of its own', () => {
  const long = 'x'.repeat(1_025);
  const headers = { 'notifier-origin-topic': long, 'notifier-reason': long, 'notifier-payment-id': 'x'.repeat(1_024) };
  const { origin, reason, paymentId } = readProvenance(parked(headers), SOURCE);
  expect([origin.topic, reason, paymentId]).toEqual([`${SOURCE}.retry.5s`, undefined, 'x'.repeat(1_024)]);
});

describe('a record that moves on', () => {
  const history: Provenance = {
    origin: ORIGIN,
    attempts: 2,
    hops: 1,
    firstAttemptAt: 1_700_000_001_000,
    lastAttemptAt: 1_700_000_002_000,
    notBefore: 1_700_000_007_000,
    reason: 'UNKNOWN_EXCEPTION',
    body: Buffer.from('{"paymentId":"付款-1"}'),
    redriveId: 'redrive-1',
    redriveCount: 1,
  };

  test('carries its history under the names of the contract', () => {
    expect(text(writeHeaders({}, history, { 'dead-letter-reason': 'rejected' }))).toEqual({
      'notifier-origin-topic': SOURCE,
      'notifier-origin-partition': '3',
      'notifier-origin-offset': '7',
      'notifier-origin-timestamp': '1700000000000',
      'notifier-attempts': '2',
      'notifier-hops': '1',
      'notifier-first-attempt-at': '1700000001000',
      'notifier-last-attempt-at': '1700000002000',
      'notifier-not-before': '1700000007000',
      'notifier-reason': 'UNKNOWN_EXCEPTION',
      'notifier-body': '{"paymentId":"付款-1"}',
      'notifier-redrive-id': 'redrive-1',
      'notifier-redrive-count': '1',
      'notifier-dead-letter-reason': 'rejected',
    });
  });

  test('is read back as it was written, from whatever retry topic and offset it stands at', () => {
    expect(readProvenance(parked(writeHeaders({}, history)), SOURCE)).toEqual(history);
  });

  test('has its history replaced at each hop, never repeated', () => {
    const first = writeHeaders({}, history, { 'dead-letter-reason': 'rejected' });
    const second = writeHeaders(first, { ...NEW, attempts: 3 });
    expect(text(second)).toEqual(text(writeHeaders({}, { ...NEW, attempts: 3 })));
  });

  test("keeps the origin's own headers as they were, repeated names in order", () => {
    const own = { trace: Buffer.from([0, 255, 1]), tag: [Buffer.from('b'), Buffer.from('a'), Buffer.from('b')], e: '' };
    expect(writeHeaders(own, history)).toMatchObject(own);
  });

  test('keeps a header that only looks like ours', () => {
    const own = { Notifier: 'a', 'Notifier-attempts': 'b', 'x-notifier-attempts': 'c', notifier: 'd' };
    expect(text(writeHeaders(own, NEW))).toMatchObject(own);
    expect(readProvenance(parked(own), SOURCE).attempts).toBe(0);
  });
});

describe('damaged headers do no harm', () => {
  test.each(['', '-1', '1.5', '1e3', ' 1', '1 ', '0x10', 'NaN', 'Infinity', '9'.repeat(16), '１', 'one'])(
    'a number written %j is not there',
    (damaged) => {
      const provenance = readProvenance(
        parked({
          'notifier-origin-partition': damaged,
          'notifier-origin-offset': damaged,
          'notifier-origin-timestamp': damaged,
          'notifier-attempts': damaged,
          'notifier-hops': damaged,
          'notifier-first-attempt-at': damaged,
          'notifier-not-before': damaged,
          'notifier-redrive-count': damaged,
        }),
        SOURCE,
      );
      expect(provenance).toEqual({
        origin: { topic: `${SOURCE}.retry.5s`, partition: 3, offset: 99, timestamp: 1_700_000_009_000 },
        attempts: 0,
        hops: 0,
      });
    },
  );

  test('a retry record without any history stands for itself', () => {
    expect(readProvenance(parked({}), SOURCE).origin).toEqual({
      topic: `${SOURCE}.retry.5s`,
      partition: 3,
      offset: 99,
      timestamp: 1_700_000_009_000,
    });
  });

  test('of a repeated header of ours the first counts', () => {
    const record = parked({ 'notifier-attempts': ['4', '5'], 'notifier-body': [Buffer.from('a'), Buffer.from('b')] });
    expect(readProvenance(record, SOURCE)).toMatchObject({ attempts: 4, body: Buffer.from('a') });
    expect(readProvenance(parked({ 'notifier-attempts': [] }), SOURCE).attempts).toBe(0);
  });
});
