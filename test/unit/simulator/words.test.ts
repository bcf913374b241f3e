import { expect, test } from 'vitest';
import {
  answerInWords,
  printable,
  toneOfAnswer,
  toneOfVerification,
  verificationInWords,
} from '../../../src/simulator/words.ts';

test.each([
  ['S SUCCESS', 'S SUCCESS', 'good'],
  ['S SUCCESS none', 'S SUCCESS, unsigned', 'open'],
  ['S SUCCESS wrong_key', 'S SUCCESS, signed by a stranger', 'open'],
  ['S SUCCESS wrong_body', 'S SUCCESS, signed for another body', 'open'],
  ['S SUCCESS wrong_client', 'S SUCCESS, signed for another client', 'open'],
  ['S SUCCESS redirected', 'S SUCCESS, where a redirect led', 'open'],
  ['F KEY_NOT_FOUND none', 'F KEY_NOT_FOUND', 'bad'],
  ['F PROCESS_FAIL', 'F PROCESS_FAIL', 'bad'],
  ['U UNKNOWN_EXCEPTION', 'U UNKNOWN_EXCEPTION', 'open'],
  ['http 503', 'HTTP 503', 'open'],
  ['redirect 307', 'redirect, HTTP 307', 'open'],
  ['no_answer', 'no answer', 'open'],
  ['client_left', 'the client left', 'open'],
  ['pending', 'not answered yet', 'open'],
  ['endless', 'endless', 'open'],
])('the answer %s is told as %s, %s', (answered, words, tone) => {
  expect([answerInWords(answered), toneOfAnswer(answered)]).toEqual([words, tone]);
});

test.each([
  ['verified', 'verified', 'good'],
  ['INVALID_SIGNATURE', 'INVALID_SIGNATURE', 'bad'],
  ['not_read', 'not read', 'open'],
  ['redirect_followed', 'redirect followed', 'bad'],
])('the judgement %s is told as %s, %s', (verification, words, tone) => {
  expect([verificationInWords(verification), toneOfVerification(verification)]).toEqual([words, tone]);
});

test('what anybody sent stands on one line, in one direction, and no longer than asked', () => {
  expect(printable('a\u001b[31m\n\u202eb')).toBe('a?[31m??b');
  expect(printable('x'.repeat(70), 64)).toBe(`${'x'.repeat(64)}…`);
  expect(printable('x'.repeat(64), 64)).toBe('x'.repeat(64));
});
