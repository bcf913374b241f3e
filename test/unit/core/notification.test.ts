import { describe, expect, test } from 'vitest';
import type { PaymentFinal } from '../../../src/core/event.ts';
import { notificationBody } from '../../../src/core/notification.ts';
import { paymentFinal } from '../../support/fixtures.ts';

const bodyOf = (event: PaymentFinal, offset = '+00:00'): string => notificationBody(event, offset).toString('utf8');

const FAILED: PaymentFinal = {
  paymentId: 'pay-1',
  paymentRequestId: null,
  paymentTime: null,
  paymentResult: { resultStatus: 'F', resultCode: 'RISK_REJECT', resultMessage: null },
};

test("the page's own example comes out byte for byte", () => {
  expect(bodyOf(paymentFinal(), '+08:30')).toBe(
    '{"paymentResult":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"},' +
      '"paymentRequestId":"req-1","paymentId":"pay-1","paymentTime":"2020-01-01T12:01:01+08:30"}',
  );
});

describe('an optional field', () => {
  const least = '{"paymentResult":{"resultCode":"RISK_REJECT","resultStatus":"F"},"paymentId":"pay-1"}';

  test('that is null is left out', () => {
    expect(bodyOf(FAILED)).toBe(least);
  });

  test('that is empty is left out: "" is never sent', () => {
    const paymentResult = { ...FAILED.paymentResult, resultMessage: '' };
    expect(bodyOf({ ...FAILED, paymentRequestId: '', paymentResult })).toBe(least);
  });

  test('that is there is sent, each by itself', () => {
    expect(bodyOf({ ...FAILED, paymentRequestId: 'req-1' })).toBe(
      '{"paymentResult":{"resultCode":"RISK_REJECT","resultStatus":"F"},"paymentRequestId":"req-1","paymentId":"pay-1"}',
    );
    expect(bodyOf({ ...FAILED, paymentResult: { ...FAILED.paymentResult, resultMessage: 'no' } })).toBe(
      '{"paymentResult":{"resultCode":"RISK_REJECT","resultStatus":"F","resultMessage":"no"},"paymentId":"pay-1"}',
    );
    expect(bodyOf({ ...FAILED, paymentTime: 0 })).toContain('"paymentTime":"1970-01-01T00:00:00+00:00"');
  });
});

describe('paymentTime', () => {
  const at = (paymentTime: number, offset: string): unknown =>
    (JSON.parse(bodyOf(paymentFinal({ paymentTime }), offset)) as Record<string, unknown>)['paymentTime'];
  const NOON = Date.UTC(2026, 10, 22, 12);

  test.each([
    ['+00:00', '2026-11-22T12:00:00+00:00'],
    ['+08:00', '2026-11-22T20:00:00+08:00'],
    ['+08:30', '2026-11-22T20:30:00+08:30'],
    ['-03:30', '2026-11-22T08:30:00-03:30'],
    ['+05:45', '2026-11-22T17:45:00+05:45'],
    ['-12:00', '2026-11-22T00:00:00-12:00'],
    ['+14:00', '2026-11-23T02:00:00+14:00'],
    ['-00:30', '2026-11-22T11:30:00-00:30'],
  ])('in the zone %s is its wall clock with the offset behind it', (offset, text) => {
    expect(at(NOON, offset)).toBe(text);
    expect(Date.parse(text)).toBe(NOON);
  });

  test.each([0, 1, 499, 500, 999])('is written to the second, %i ms later too', (ms) => {
    expect(at(NOON + ms, '+08:00')).toBe('2026-11-22T20:00:00+08:00');
  });

  test('crosses years and leap days', () => {
    expect(at(Date.UTC(2026, 11, 31, 20), '+08:00')).toBe('2027-01-01T04:00:00+08:00');
    expect(at(Date.UTC(2028, 1, 28, 23), '+08:00')).toBe('2028-02-29T07:00:00+08:00');
    expect(at(0, '-03:30')).toBe('1969-12-31T20:30:00-03:30');
  });
});

test('text beyond ASCII goes out as UTF-8, quotes and control characters escaped', () => {
  const event = { ...FAILED, paymentResult: { ...FAILED.paymentResult, resultMessage: '拒绝 é 💳 "\\\n' } };
  expect(notificationBody(event, '+00:00')).toEqual(
    Buffer.from(
      '{"paymentResult":{"resultCode":"RISK_REJECT","resultStatus":"F","resultMessage":"拒绝 é 💳 \\"\\\\\\n"},"paymentId":"pay-1"}',
      'utf8',
    ),
  );
});

test('the same event gives the same bytes, and keeps what the body does not know of it to itself', () => {
  const event = { ...paymentFinal(), internalNote: 'not for the gateway' };
  expect(notificationBody(event, '+08:00')).toEqual(notificationBody(paymentFinal(), '+08:00'));
});
