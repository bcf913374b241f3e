import { expect, test } from 'vitest';
import { createRequestLog, type Arrival, type RequestLog } from '../../../src/simulator/request-log.ts';

const arrival = (paymentId: string, verification = 'verified', body = Buffer.from('{}')): Arrival => ({
  ...{ paymentId, keyVersion: '1', requestTime: '', body, verification },
});

function answered(log: RequestLog, paymentId: string, label = 'S SUCCESS'): void {
  const request = log.enter(arrival(paymentId));
  request.answer(label);
  request.sent();
  request.settle();
}

test('counts follow each request from its arrival to its answer', () => {
  const log = createRequestLog({ keepRequests: Infinity, keepBodies: 10 });
  answered(log, 'A');
  const open = log.enter(arrival('B'));
  log.enter(arrival('B', 'INVALID_SIGNATURE')).answer('F INVALID_SIGNATURE');
  expect(log.summary()).toEqual({
    total: 3,
    distinctPayments: 2,
    answered: { 'S SUCCESS': 1, pending: 1, 'F INVALID_SIGNATURE': 1 },
    verification: { verified: 2, INVALID_SIGNATURE: 1 },
  });
  expect(log.open()).toEqual({ count: 2, oldest: open.entry });
  open.answer('no_answer');
  expect(log.open().count).toBe(2);
  open.settle();
  expect(log.open().oldest).toMatchObject({ verification: 'INVALID_SIGNATURE' });
  expect(log.summary().answered).not.toHaveProperty('pending');
});

test('however many come, the newest are kept and all are counted', () => {
  const log = createRequestLog({ keepRequests: 100, keepBodies: 10 });
  for (let at = 1; at <= 10_000; at += 1) {
    answered(log, `P-${String(at)}`);
    expect(log.list().length).toBeLessThanOrEqual(110);
  }
  expect(log.list().length).toBeGreaterThanOrEqual(100);
  expect(log.list().at(-1)).toMatchObject({ seq: 10_000, paymentId: 'P-10000' });
  expect(log.summary()).toMatchObject({ total: 10_000, answered: { 'S SUCCESS': 10_000 } });
  expect(log.summary().distinctPayments).toBe(log.list().length);
});

test('a payment keeps its count of attempts for as long as one of its requests is kept', () => {
  const log = createRequestLog({ keepRequests: 10, keepBodies: 10 });
  const attempts = (): number[] =>
    log
      .list()
      .filter(({ paymentId }) => paymentId === 'A')
      .map(({ attempt }) => attempt);
  for (let at = 0; at < 30; at += 1) {
    answered(log, 'A');
    answered(log, `other-${String(at)}`);
  }
  expect(attempts().at(-1)).toBe(30);
  for (let at = 0; at < 30; at += 1) answered(log, `more-${String(at)}`);
  answered(log, 'A');
  expect(attempts()).toEqual([1]);
});

test('what anybody can send is cut, and its hash is of the whole', () => {
  const log = createRequestLog({ keepRequests: 10, keepBodies: 10 });
  const { entry } = log.enter(arrival('x'.repeat(1_000_000), 'PARAM_ILLEGAL', Buffer.alloc(1_000_000, 'y')));
  expect([entry.paymentId.length, entry.body.length]).toEqual([256, 16_384]);
  const { entry: other } = log.enter(arrival('x', 'PARAM_ILLEGAL', Buffer.alloc(999_999, 'y')));
  expect(other.bodySha256).not.toBe(entry.bodySha256);
});

test('a request that was forgotten while it was open changes no count any more', () => {
  const log = createRequestLog({ keepRequests: Infinity, keepBodies: 10 });
  const old = log.enter(arrival('A'));
  log.clear();
  log.enter(arrival('B'));
  old.answer('S SUCCESS');
  old.settle();
  expect(log.summary()).toEqual({
    ...{ total: 1, distinctPayments: 1, answered: { pending: 1 }, verification: { verified: 1 } },
  });
  expect(log.open().count).toBe(1);
  expect(log.list().map(({ seq }) => seq)).toEqual([2]);
});
