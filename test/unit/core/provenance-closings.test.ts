import { describe, expect, test } from 'vitest';
import {
  cameFrom,
  closesLetter,
  closingHeaders,
  isOfRedrive,
  namesPayment,
  provenanceHeaders,
  readClosing,
  readLetterMark,
  type Closing,
} from '../../../src/core/provenance.ts';

const CLOSING: Closing = {
  partition: 3,
  offset: 41,
  as: 'redriven',
  by: 'ops',
  why: 'the gateway was down',
  closedAt: 1_700_000_000_000,
  redriveId: 'run-1',
  origin: { topic: 'payment-final', partition: 2, offset: 7 },
};

const HEADERS = {
  'notifier-closes': '3:41',
  'notifier-closed-as': 'redriven',
  'notifier-closed-by': 'ops',
  'notifier-closed-why': 'the gateway was down',
  'notifier-closed-at': '1700000000000',
  'notifier-redrive-id': 'run-1',
  'notifier-origin-topic': 'payment-final',
  'notifier-origin-partition': '2',
  'notifier-origin-offset': '7',
};

const LEAST = { 'notifier-closes': '3:41', 'notifier-closed-as': 'discarded' };

describe('a record that closes a letter', () => {
  test('says so under the names of the contract, and is read back as it was written', () => {
    expect(closingHeaders(CLOSING)).toEqual(HEADERS);
    expect(readClosing({ headers: HEADERS })).toEqual(CLOSING);
  });

  test('says nothing of what is not known', () => {
    expect(closingHeaders({ partition: 3, offset: 41, as: 'discarded' })).toEqual(LEAST);
    expect(readClosing({ headers: LEAST })).toEqual({ partition: 3, offset: 41, as: 'discarded' });
  });

  test.each([
    ['names no letter', { 'notifier-closed-as': 'discarded' }],
    ['names no offset', { ...LEAST, 'notifier-closes': '3' }],
    ['names an offset that is none', { ...LEAST, 'notifier-closes': '3:x' }],
    ['names a partition that is none', { ...LEAST, 'notifier-closes': ':41' }],
    ['does not say how', { 'notifier-closes': '3:41' }],
    ['was closed in a way that is not known', { ...LEAST, 'notifier-closed-as': 'delivered' }],
    ['says it without our prefix', { closes: '3:41', 'closed-as': 'discarded' }],
  ])('is none where it %s', (_, headers) => {
    expect(readClosing({ headers })).toBeUndefined();
  });

  test.each(['topic', 'partition', 'offset'])('names no origin where its %s is missing', (part) => {
    const headers = Object.fromEntries(Object.entries(HEADERS).filter(([name]) => name !== `notifier-origin-${part}`));
    const { origin, ...rest } = CLOSING;
    expect(readClosing({ headers })).toEqual(rest);
    expect(origin).toBeDefined();
  });

  test('is known before its headers are read', () => {
    expect([closesLetter({ 'notifier-closes': Buffer.from('3:41') }), closesLetter({})]).toEqual([true, false]);
  });
});

describe('a dead letter', () => {
  test('says why it is one, and what its value was where it has lost it', () => {
    const reason = { 'notifier-dead-letter-reason': Buffer.from('too_large') };
    expect(readLetterMark({ headers: reason })).toEqual({ deadLetterReason: 'too_large' });
    expect(readLetterMark({ headers: { ...reason, 'notifier-value-sha256': 'ab12' } })).toEqual({
      deadLetterReason: 'too_large',
      valueSha256: 'ab12',
    });
  });

  test('is none without a reason', () => {
    expect(readLetterMark({ headers: { 'notifier-value-sha256': 'ab12' } })).toBeUndefined();
  });
});

describe('of headers that nobody has read yet', () => {
  const bytes = (headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]));

  test('it is known whether they name a payment', () => {
    const paymentId = Buffer.from('pay-1');
    expect(namesPayment(bytes({ 'notifier-payment-id': 'pay-1' }), paymentId)).toBe(true);
    expect(namesPayment(bytes({ 'notifier-payment-id': 'pay-2' }), paymentId)).toBe(false);
    expect(namesPayment(bytes({ 'payment-id': 'pay-1' }), paymentId)).toBe(false);
    expect(namesPayment({}, paymentId)).toBe(false);
  });

  test('it is known whether they are of one redrive', () => {
    expect(isOfRedrive(bytes({ 'notifier-redrive-id': 'run-1' }), 'run-1')).toBe(true);
    expect(isOfRedrive(bytes({ 'notifier-redrive-id': 'run-2' }), 'run-1')).toBe(false);
    expect(isOfRedrive({ 'notifier-redrive-id': ['run-1'] }, 'run-1')).toBe(false);
    expect(isOfRedrive({}, 'run-1')).toBe(false);
  });

  test('it is known where the event first stood: topic, partition and offset', () => {
    const origin = { topic: 'payment-final', partition: 2, offset: 7 };
    expect(cameFrom(bytes(HEADERS), origin)).toBe(true);
    expect(cameFrom(bytes(HEADERS), { ...origin, topic: 'other' })).toBe(false);
    expect(cameFrom(bytes(HEADERS), { ...origin, partition: 3 })).toBe(false);
    expect(cameFrom(bytes(HEADERS), { ...origin, offset: 8 })).toBe(false);
    expect(cameFrom({}, origin)).toBe(false);
    expect(cameFrom(HEADERS, origin)).toBe(false);
  });
});

test('what is shown of a record is every header of ours, the first where one is repeated, and nothing of others', () => {
  const headers = {
    'notifier-attempts': Buffer.from('2'),
    'notifier-reason': [Buffer.from('timeout'), Buffer.from('other')],
    'notifier-body': [],
    trace: 'theirs',
    'x-notifier-': 'theirs',
  };
  expect(provenanceHeaders(headers)).toEqual({
    'notifier-attempts': '2',
    'notifier-reason': 'timeout',
    'notifier-body': '',
  });
});
