import { expect, test } from 'vitest';
import { ATTEMPT, captureLog, RECORD, SECRET } from '../../support/captured-log.ts';

test('text of a record stays data', () => {
  const paymentId = 'p"}\n{"level":"error","event":"forged"}';
  expect(captureLog().lines({ ...ATTEMPT, paymentId })).toMatchObject([{ event: 'attempt', paymentId }]);
});

test('of an error only type, message and code are written, the message cut', () => {
  const error = Object.assign(new TypeError('m'.repeat(600)), {
    code: 'ECONNRESET',
    options: { headers: { signature: SECRET } },
    cause: new Error(SECRET),
  });
  const { log, lines } = captureLog();
  log.warn('failed', { error });
  const expected = { type: 'TypeError', message: `${'m'.repeat(500)}…`, code: 'ECONNRESET' };
  expect(lines()[0]).toMatchObject({ level: 'warn', msg: 'failed', error: expected });
  const waiting = lines({ kind: 'waiting', for: 'retry', record: RECORD, error })[0];
  expect(waiting?.['error']).toEqual(expected);
  const thrown = lines({ kind: 'waiting', for: 'outcome', record: RECORD, error: { password: SECRET } })[0];
  expect(thrown?.['error']).toEqual({ type: 'object', message: 'not an error' });
});

test('what must never be given to the log is not written when it is', () => {
  const { log, lines } = captureLog();
  log.error('careless', { headers: { a: SECRET }, signature: SECRET, password: SECRET, sasl: { password: SECRET } });
  expect(lines()[0]).toMatchObject({ password: '[Redacted]' });
});

test('the level is kept', () => {
  const { log, lines } = captureLog('warn');
  log.debug('no');
  log.info('no');
  expect(lines(ATTEMPT)).toEqual([]);
  log.warn('yes');
  expect(lines()).toMatchObject([{ msg: 'yes' }]);
});
