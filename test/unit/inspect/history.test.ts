import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { writeHeaders, type Provenance } from '../../../src/core/provenance.ts';
import { Topology } from '../../../src/core/topology.ts';
import { byEvent, traceOf, type Trace } from '../../../src/inspect/history.ts';
import { mayConcern } from '../../../src/inspect/mentions.ts';
import { SOURCE, sourceRecord } from '../../support/fixtures.ts';

const topology = new Topology({ source: SOURCE, tiers: [], outcomes: 'outcomes' });
const [RETRY, DEAD] = [`${SOURCE}.retry.30s`, `${SOURCE}.dead-letter`];
const ORIGIN = { topic: SOURCE, partition: 3, offset: 7 };
const AT = 1_700_000_000_000;

const provenance: Provenance = {
  origin: { ...ORIGIN, timestamp: 5 },
  ...{ attempts: 2, hops: 3, waits: 1, reason: 'timeout', paymentId: 'pay-1', body: Buffer.from('body') },
  ...{ firstAttemptAt: 10, lastAttemptAt: 20, notBefore: 30, redriveId: 'r', redriveCount: 1 },
};
const { body, origin, ...told } = provenance;
const history = { ...told, origin: ORIGIN, bodySha256: createHash('sha256').update('body').digest('hex') };

function trace(
  topic: string,
  headers: Parameters<typeof writeHeaders>[0],
  value = Buffer.from('{}'),
): Trace | undefined {
  return traceOf(sourceRecord({ topic, partition: 3, offset: 40, headers, value }), topology);
}

describe('a record tells, by its topic,', () => {
  test('that an event was written', () => {
    expect(trace(SOURCE, {})).toEqual({ kind: 'source', topic: SOURCE, partition: 3, offset: 40, at: AT });
  });

  test('that a copy was parked, of what, why and until when', () => {
    const stored = { topic: RETRY, partition: 3, offset: 40, at: AT };
    expect(trace(RETRY, writeHeaders({}, provenance))).toEqual({ kind: 'copy', ...stored, tier: '30s', ...history });
  });

  test('that an event is a dead letter, and why', () => {
    const { notBefore, ...letter } = provenance;
    const { notBefore: _, ...expected } = history;
    const headers = writeHeaders({}, letter, { 'dead-letter-reason': 'too_large', 'value-sha256': 'abc' });
    const mark = { deadLetterReason: 'too_large', valueSha256: 'abc' };
    const stored = { topic: DEAD, partition: 3, offset: 40, at: AT };
    expect(trace(DEAD, headers)).toEqual({ kind: 'letter', ...stored, ...mark, ...expected });
  });

  test('that a letter is closed, how, by whom and why', () => {
    const headers = {
      ...{ 'notifier-closes': '3:39', 'notifier-closed-as': 'discarded', 'notifier-closed-by': 'ada' },
      ...{ 'notifier-closed-why': 'told by phone', 'notifier-closed-at': '50' },
    };
    const closes = { topic: DEAD, partition: 3, offset: 39 };
    const how = { as: 'discarded', by: 'ada', why: 'told by phone', closedAt: 50 };
    expect(trace(DEAD, headers)).toEqual({
      kind: 'closed',
      topic: DEAD,
      partition: 3,
      offset: 40,
      at: AT,
      closes,
      ...how,
    });
  });

  test('how an event ended', () => {
    const outcome = {
      ...{ paymentId: 'pay-1', verdict: 'dead_lettered', deadLetterReason: 'rejected', resultCode: 'PROCESS_FAIL' },
      ...{ attempts: 1, keyVersion: '7', origin: ORIGIN, requestSha256: 'a', responseSha256: null },
    };
    const times = { firstAttemptAt: '2026-01-01T00:00:00.000Z', settledAt: '2026-01-01T00:00:01.000Z' };
    expect(trace('outcomes', {}, Buffer.from(JSON.stringify({ ...outcome, ...times })))).toEqual({
      ...{ kind: 'outcome', topic: 'outcomes', partition: 3, offset: 40, at: AT, ...outcome },
      ...{ firstAttemptAt: Date.UTC(2026, 0, 1), settledAt: Date.UTC(2026, 0, 1, 0, 0, 1) },
    });
  });

  test.each([
    ['a topic of somebody else', 'elsewhere', {}, '{}'],
    ['a letter that is none of ours', DEAD, {}, '{}'],
    ['a closing that closes no record', DEAD, { 'notifier-closes': 'x:1', 'notifier-closed-as': 'discarded' }, '{}'],
    ['a closing in an unknown way', DEAD, { 'notifier-closes': '3:1', 'notifier-closed-as': 'burnt' }, '{}'],
    ['an outcome that is no JSON', 'outcomes', {}, 'S'],
    ['an outcome of no verdict', 'outcomes', {}, JSON.stringify({ origin: ORIGIN, attempts: 1, verdict: 'sent' })],
    ['an outcome of no event', 'outcomes', {}, JSON.stringify({ origin: {}, attempts: 1, verdict: 'delivered' })],
    ['an outcome of null', 'outcomes', {}, 'null'],
  ])('nothing where it is %s', (_, topic, headers, value) => {
    expect(trace(topic, headers, Buffer.from(value))).toBeUndefined();
  });
});

test('traces are gathered by event, and what closes a letter stands with the letter, wherever it comes', () => {
  const source: Trace = { kind: 'source', ...ORIGIN, at: AT };
  const letter = traceOf(
    sourceRecord({
      topic: DEAD,
      offset: 39,
      headers: writeHeaders({}, provenance, { 'dead-letter-reason': 'rejected' }),
    }),
    topology,
  );
  const closing = trace(DEAD, { 'notifier-closes': '3:39', 'notifier-closed-as': 'redriven' });
  const stray = trace(DEAD, { 'notifier-closes': '3:38', 'notifier-closed-as': 'redriven' });
  const other: Trace = { ...source, offset: 8 };
  const traces = [closing, stray, source, letter, other].flatMap((one) => one ?? []);
  expect(byEvent(traces)).toEqual(
    new Map([
      [`${SOURCE}:3:7`, [source, letter, closing]],
      [`${SOURCE}:3:8`, [other]],
    ]),
  );
});

describe('a record may concern a payment', () => {
  const none = { offset: '0', key: null, value: null };
  const concerns = mayConcern('pay-1');
  test.each([
    ['that is its key', { ...none, key: Buffer.from('pay-1') }],
    ['that stands in its value', { ...none, value: Buffer.from('\0…pay-1…') }],
    ['that its headers name', { ...none, headers: { 'notifier-payment-id': Buffer.from('pay-1') } }],
    ['where it closes a letter, which names none', { ...none, headers: { 'notifier-closes': Buffer.from('3:1') } }],
  ])('%s', (_, record) => {
    expect(concerns(record)).toBe(true);
  });

  test.each([
    ['nothing names it', none],
    ['its headers name another', { ...none, headers: { 'notifier-payment-id': Buffer.from('pay-11') } }],
    ['a header of the producer names it', { ...none, headers: { trace: Buffer.from('pay-1') } }],
  ])('not where %s', (_, record) => {
    expect(concerns(record)).toBe(false);
  });
});
