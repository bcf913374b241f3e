import { expect, test } from 'vitest';
import { readableEvent, textOf } from '../../../../src/operate/inspect/readable.ts';
import { paymentFinal } from '../../../support/fixtures.ts';

test('bytes are shown as text, and in hexadecimal where they are none', () => {
  expect([textOf(Buffer.from('pay')), textOf(Buffer.from([0xff, 0])), textOf(null)]).toEqual(['pay', '0xff00', null]);
});

test('an event is shown as emit reads it', () => {
  expect(readableEvent(paymentFinal())).toMatchObject({ paymentId: 'pay-1', paymentTime: '2020-01-01T03:31:01.000Z' });
  expect(readableEvent(paymentFinal({ paymentTime: null }))).toMatchObject({ paymentTime: null });
});
