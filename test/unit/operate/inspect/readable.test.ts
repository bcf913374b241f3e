import { expect, test } from 'vitest';
import { readableEvent, textOf, traceIdOf } from '../../../../src/operate/inspect/readable.ts';
import { paymentFinal } from '../../../support/fixtures.ts';

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';

test.each<[string, string | undefined, string | null]>([
  ['a valid one', `00-${ID}-00f067aa0ba902b7-01`, ID],
  ['one of a later version, with more behind it', `01-${ID}-00f067aa0ba902b7-01-more`, ID],
  ['none', undefined, null],
  ['zeros only', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, null],
  ['the version that is never valid', `ff-${ID}-00f067aa0ba902b7-01`, null],
  ['something else', 'no trace', null],
])('the trace id of traceparent: %s', (_, traceparent, id) => {
  expect(traceIdOf(traceparent === undefined ? {} : { traceparent: Buffer.from(traceparent) })).toBe(id);
});

test('bytes are shown as text, and in hexadecimal where they are none', () => {
  expect([textOf(Buffer.from('pay')), textOf(Buffer.from([0xff, 0])), textOf(null)]).toEqual(['pay', '0xff00', null]);
});

test('an event is shown as emit reads it', () => {
  expect(readableEvent(paymentFinal())).toMatchObject({ paymentId: 'pay-1', paymentTime: '2020-01-01T03:31:01.000Z' });
  expect(readableEvent(paymentFinal({ paymentTime: null }))).toMatchObject({ paymentTime: null });
});
