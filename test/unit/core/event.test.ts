import { describe, expect, test } from 'vitest';
import { codeLabel, PAYMENT_FAILURE_CODES, RESULT_CODES } from '../../../src/core/codes.ts';
import { hasUnlistedCode, invalidField, type PaymentFinal } from '../../../src/core/event.ts';
import { paymentFinal } from '../../support/fixtures.ts';

type Result = PaymentFinal['paymentResult'];

function succeeded(result: Partial<Result> = {}): PaymentFinal {
  return paymentFinal({
    paymentResult: { resultStatus: 'S', resultCode: 'SUCCESS', resultMessage: null, ...result },
  });
}

function failed(fields: Partial<PaymentFinal> = {}, result: Partial<Result> = {}): PaymentFinal {
  const paymentResult: Result = { resultStatus: 'F', resultCode: 'RISK_REJECT', resultMessage: null, ...result };
  return paymentFinal({ paymentResult, ...fields });
}

const NO_EXTRAS = { paymentRequestId: null, paymentTime: null };

describe('an event that can be sent', () => {
  test.each([
    ['a full success', paymentFinal()],
    ['a success without a message', succeeded({ resultMessage: null })],
    ['a success with an empty message', succeeded({ resultMessage: '' })],
    ['a full failure', failed()],
    ['a failure with nothing optional', failed(NO_EXTRAS)],
    ['a failure with an empty paymentRequestId', failed({ paymentRequestId: '' })],
    ['a failure with a code nobody listed', failed({}, { resultCode: 'A_CODE_OF_TOMORROW' })],
    ['a failure that says SUCCESS', failed({}, { resultCode: 'SUCCESS' })],
  ])('%s', (_, event) => {
    expect(invalidField(event)).toBeUndefined();
  });
});

describe('an event that must never be sent, by its first wrong field', () => {
  test.each([
    ['paymentId', 'no paymentId', paymentFinal({ paymentId: '' })],
    ['paymentResult.resultStatus', 'U', failed({}, { resultStatus: 'U' })],
    ['paymentResult.resultCode', 'a success with another code', succeeded({ resultCode: 'PROCESS_FAIL' })],
    ['paymentResult.resultCode', 'a success in lower case', succeeded({ resultCode: 'success' })],
    ['paymentResult.resultCode', 'no code', failed({}, { resultCode: '' })],
    ['paymentRequestId', 'a success without paymentRequestId', paymentFinal({ paymentRequestId: null })],
    ['paymentRequestId', 'a success with an empty one', paymentFinal({ paymentRequestId: '' })],
    ['paymentTime', 'a success without paymentTime', paymentFinal({ paymentTime: null })],
    ['paymentTime', 'a time before 1970', paymentFinal({ paymentTime: -1 })],
    ['paymentTime', 'seconds taken for milliseconds', paymentFinal({ paymentTime: 1_790_000_000 })],
    ['paymentTime', 'days taken for milliseconds', failed({ paymentTime: 20_717 })],
    ['paymentTime', 'the last of 2014', paymentFinal({ paymentTime: Date.UTC(2015, 0, 1) - 1 })],
    ['paymentTime', 'a time past the year 9999', paymentFinal({ paymentTime: Date.UTC(10_000, 0, 1) })],
    ['paymentTime', 'a failure whose time is no time', failed({ paymentTime: Number.MAX_SAFE_INTEGER })],
    ['paymentTime', 'a time that is not a number', paymentFinal({ paymentTime: Number.NaN })],
  ])('%s: %s', (field, _, event) => {
    expect(invalidField(event)).toBe(field);
  });

  test.each([Date.UTC(2015, 0, 1), Date.UTC(9_999, 11, 30)])(
    '%i, the first of 2015 or the last but one day of 9999, is a time',
    (time) => {
      expect(invalidField(paymentFinal({ paymentTime: time }))).toBeUndefined();
    },
  );
});

describe('lengths count Unicode code points', () => {
  const limits: [string, number, (text: string) => PaymentFinal][] = [
    ['paymentId', 64, (text) => paymentFinal({ paymentId: text })],
    ['paymentResult.resultCode', 64, (text) => failed({}, { resultCode: text })],
    ['paymentResult.resultMessage', 256, (text) => succeeded({ resultMessage: text })],
    ['paymentRequestId', 64, (text) => paymentFinal({ paymentRequestId: text })],
    ['paymentRequestId', 64, (text) => failed({ paymentRequestId: text })],
  ];

  test.each(limits)('%s takes %i of them and not one more', (field, limit, event) => {
    for (const character of ['a', 'é', '付', '💳']) {
      expect(invalidField(event(character.repeat(limit)))).toBeUndefined();
      expect(invalidField(event(character.repeat(limit + 1)))).toBe(field);
    }
  });
});

describe('codes', () => {
  test('a failure with a code outside the page is known as unlisted', () => {
    expect(hasUnlistedCode(failed({}, { resultCode: 'A_CODE_OF_TOMORROW' }))).toBe(true);
    expect(hasUnlistedCode(failed({}, { resultCode: 'SUCCESS' }))).toBe(true);
  });

  test.each(PAYMENT_FAILURE_CODES)('%s is listed', (resultCode) => {
    expect(hasUnlistedCode(failed({}, { resultCode }))).toBe(false);
  });

  test('a success has no failure code to be unlisted', () => {
    expect(hasUnlistedCode(paymentFinal())).toBe(false);
  });

  test('the page lists thirteen codes of failed payments', () => {
    expect(new Set(PAYMENT_FAILURE_CODES).size).toBe(13);
  });

  test.each(RESULT_CODES)('%s labels itself', (code) => {
    expect(codeLabel(code)).toBe(code);
  });

  test('a label is OTHER for a code the page does not list and NONE where there was none', () => {
    expect(codeLabel('A_CODE_OF_TOMORROW')).toBe('OTHER');
    expect(codeLabel('')).toBe('OTHER');
    expect(codeLabel('toString')).toBe('OTHER');
    expect(codeLabel(undefined)).toBe('NONE');
  });
});
