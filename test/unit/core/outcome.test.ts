import { describe, expect, test } from 'vitest';
import { SYSTEMIC_CODES } from '../../../src/core/codes.ts';
import {
  classify,
  NO_RESULT_REASONS,
  refusesForTraffic,
  systemicCodes,
  type Exchange,
} from '../../../src/core/outcome.ts';
import { answer } from '../../support/fixtures.ts';

const SYSTEMIC = systemicCodes();
const judged = (exchange: Exchange) => classify(exchange, SYSTEMIC);
const bodied = (text: string, status = 200): Exchange => answer('S', 'SUCCESS', { body: Buffer.from(text), status });

describe('S with a verified signature', () => {
  test('is delivered', () => {
    expect(judged(answer('S', 'SUCCESS'))).toEqual({ kind: 'delivered', code: 'SUCCESS' });
  });

  test.each([201, 400, 404, 429, 500, 503])('is delivered whatever the HTTP status, as with %i', (status) => {
    expect(judged(answer('S', 'SUCCESS', { status }))).toEqual({ kind: 'delivered', code: 'SUCCESS' });
  });
});

describe('S with a verified signature that is not quite written as it should be', () => {
  const S = '{"result":{"resultStatus":"S","resultCode":"SUCCESS"}}';
  const withMessage = (message: string) => S.replace('}}', `,"resultMessage":"${message}"}}`);

  test.each([
    ['behind a byte order mark', Buffer.from(`\uFEFF${S}`)],
    ['with a tab in its message', Buffer.from(withMessage('all\tis well'))],
    ['with a line end in its message', Buffer.from(withMessage('all\r\nis well'))],
    ['with bytes in its message that are not UTF-8', Buffer.from(withMessage('\xE9t\xE9'), 'latin1')],
    ['without a code', Buffer.from('{"result":{"resultStatus":"S"}}')],
    ['with null for a code', Buffer.from('{"result":{"resultStatus":"S","resultCode":null}}')],
  ])('%s is delivered', (_, body) => {
    expect(judged(answer('S', 'SUCCESS', { body }))).toEqual({ kind: 'delivered', code: 'SUCCESS' });
    expect(judged(answer('S', 'SUCCESS', { body, verification: 'missing' })).kind).toBe('no_result');
  });

  test('is not read out of what is no single text in JSON', () => {
    for (const body of [`\uFEFF\uFEFF${S}`, `${S}${S}`, S.replace('"S"', '"S\t"')]) {
      expect(judged(bodied(body))).toEqual({ kind: 'no_result', reason: 'unreadable' });
    }
  });
});

describe('F with a verified signature', () => {
  test.each(['PARAM_ILLEGAL', 'PROCESS_FAIL', 'A_CODE_OF_TOMORROW', 'UNKNOWN_EXCEPTION'])('%s is rejected', (code) => {
    expect(judged(answer('F', code))).toEqual({ kind: 'rejected', code });
  });

  test('is rejected whatever the HTTP status', () => {
    expect(judged(answer('F', 'PARAM_ILLEGAL', { status: 500 }))).toEqual({ kind: 'rejected', code: 'PARAM_ILLEGAL' });
  });
});

describe('F that speaks of every event', () => {
  const codes = [
    'ACCESS_DENIED',
    'INVALID_CLIENT',
    'INVALID_SIGNATURE',
    'KEY_NOT_FOUND',
    'MEDIA_TYPE_NOT_ACCEPTABLE',
    'METHOD_NOT_SUPPORTED',
    'NO_INTERFACE_DEF',
  ];

  test('is one of seven codes', () => {
    expect([...SYSTEMIC].sort()).toEqual(codes);
    expect([...SYSTEMIC_CODES].sort()).toEqual(codes);
  });

  test.each(codes)('%s is systemic when verified', (code) => {
    expect(judged(answer('F', code))).toEqual({ kind: 'systemic', code });
  });

  test.each(codes)('%s is believed unsigned, whatever the HTTP status', (code) => {
    for (const status of [200, 400, 401, 403, 500]) {
      expect(judged(answer('F', code, { verification: 'missing', status }))).toEqual({ kind: 'systemic', code });
    }
  });

  test.each(codes)('%s is no result when its signature does not verify', (code) => {
    expect(judged(answer('F', code, { verification: 'invalid' }))).toEqual({
      kind: 'no_result',
      reason: 'untrusted_response',
    });
  });

  test.each(codes)('%s with S or U is judged by its status, not by its code', (code) => {
    expect(judged(answer('U', code))).toEqual({ kind: 'unknown', code });
    expect(judged(answer('U', code, { verification: 'missing' })).kind).toBe('no_result');
  });
});

describe('U with a verified signature', () => {
  test.each(['UNKNOWN_EXCEPTION', 'REQUEST_TRAFFIC_EXCEED_LIMIT', 'PARAM_ILLEGAL', 'A_CODE_OF_TOMORROW'])(
    '%s is unknown and keeps its code',
    (code) => {
      expect(judged(answer('U', code))).toEqual({ kind: 'unknown', code });
      expect(judged(answer('U', code, { status: 503 }))).toEqual({ kind: 'unknown', code });
    },
  );
});

describe('a refusal for the traffic', () => {
  const untrusted = { kind: 'no_result', reason: 'untrusted_response' };
  const refusal = (how: Parameters<typeof answer>[2]) => judged(answer('U', 'REQUEST_TRAFFIC_EXCEED_LIMIT', how));

  test('is listened to also unsigned, and is no more of a result for that', () => {
    expect(refusal({ verification: 'missing', status: 429 })).toEqual({
      ...untrusted,
      claims: 'REQUEST_TRAFFIC_EXCEED_LIMIT',
    });
    expect(refusesForTraffic(refusal({ verification: 'missing' }))).toBe(true);
    expect(refusesForTraffic(refusal({}))).toBe(true);
  });

  test("is also HTTP's 429 without a result", () => {
    const outcome = judged(bodied('<html>Too many requests</html>', 429));
    expect(outcome).toEqual({ kind: 'no_result', reason: 'http_status', claims: 'REQUEST_TRAFFIC_EXCEED_LIMIT' });
    expect(refusesForTraffic(outcome)).toBe(true);
    expect(refusesForTraffic(judged(bodied('<html>Out of order</html>', 503)))).toBe(false);
  });

  test('is nothing where its signature does not verify, where it is no U, and where it redirects', () => {
    expect(refusal({ verification: 'invalid' })).toEqual(untrusted);
    expect(judged(answer('F', 'REQUEST_TRAFFIC_EXCEED_LIMIT', { verification: 'missing' }))).toEqual(untrusted);
    expect(refusal({ verification: 'missing', status: 302 })).toEqual({ kind: 'no_result', reason: 'redirect' });
    for (const outcome of [refusal({ verification: 'invalid' }), judged(answer('U', 'UNKNOWN_EXCEPTION'))]) {
      expect(refusesForTraffic(outcome)).toBe(false);
    }
    expect(refusesForTraffic({ kind: 'rejected', code: 'REQUEST_TRAFFIC_EXCEED_LIMIT' })).toBe(false);
  });
});

describe('no trustworthy result', () => {
  test.each([
    ['an unsigned S', answer('S', 'SUCCESS', { verification: 'missing' })],
    ['a badly signed S', answer('S', 'SUCCESS', { verification: 'invalid' })],
    ['an unsigned U', answer('U', 'UNKNOWN_EXCEPTION', { verification: 'missing' })],
    ['a badly signed U', answer('U', 'UNKNOWN_EXCEPTION', { verification: 'invalid' })],
    ['an unsigned terminal F', answer('F', 'PARAM_ILLEGAL', { verification: 'missing' })],
    ['a badly signed terminal F', answer('F', 'PROCESS_FAIL', { verification: 'invalid' })],
    ['an unsigned F with an unlisted code', answer('F', 'A_CODE_OF_TOMORROW', { verification: 'missing' })],
  ])('%s is an untrusted response', (_, exchange) => {
    expect(judged(exchange)).toEqual({ kind: 'no_result', reason: 'untrusted_response' });
  });

  test.each([300, 301, 302, 303, 304, 307, 308, 399])('a redirect (%i) is none, whatever it carries', (status) => {
    const redirect = { kind: 'no_result', reason: 'redirect' };
    expect(judged(answer('S', 'SUCCESS', { status }))).toEqual(redirect);
    expect(judged(answer('F', 'KEY_NOT_FOUND', { status }))).toEqual(redirect);
    expect(judged(bodied('', status))).toEqual(redirect);
  });

  test.each([
    ['nothing', ''],
    ['text', '<html>503</html>'],
    ['broken JSON', '{"result":{"resultStatus":"S","resultCode":"SUCC'],
    ['null', 'null'],
    ['a string', '"S"'],
    ['an array', '[{"resultStatus":"S","resultCode":"SUCCESS"}]'],
    ['no result', '{}'],
    ['a null result', '{"result":null}'],
    ['a result that is text', '{"result":"S"}'],
    ['no status', '{"result":{"resultCode":"SUCCESS"}}'],
    ['an unknown status', '{"result":{"resultStatus":"X","resultCode":"SUCCESS"}}'],
    ['a status in lower case', '{"result":{"resultStatus":"s","resultCode":"SUCCESS"}}'],
    ['an F without a code', '{"result":{"resultStatus":"F"}}'],
    ['a U without a code', '{"result":{"resultStatus":"U","resultCode":null}}'],
    ['an empty code', '{"result":{"resultStatus":"S","resultCode":""}}'],
    ['a code that is a number', '{"result":{"resultStatus":"S","resultCode":1}}'],
  ])('%s is unreadable with status 200, and named by the status with any other', (_, body) => {
    expect(judged(bodied(body))).toEqual({ kind: 'no_result', reason: 'unreadable' });
    for (const status of [204, 400, 404, 500, 502, 503]) {
      expect(judged(bodied(body, status))).toEqual({ kind: 'no_result', reason: 'http_status' });
    }
  });

  test.each([
    ['ETIMEDOUT', 'timeout'],
    ['ESOCKETTIMEDOUT', 'timeout'],
    ['ECONNREFUSED', 'connection_refused'],
    ['EHOSTUNREACH', 'connection_refused'],
    ['ENETUNREACH', 'connection_refused'],
    ['ECONNRESET', 'connection_reset'],
    ['EPIPE', 'connection_reset'],
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['INVALID_PURPOSE', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['EPROTO', 'tls'],
    ['OVERSIZED', 'oversized'],
    ['UNREADABLE', 'unreadable'],
    ['SOMETHING_NEW', 'connection_reset'],
    ['', 'connection_reset'],
  ])('%s on the wire is %s', (code, reason) => {
    const phase = reason === 'tls' ? 'tls' : 'await_response';
    expect(judged({ kind: 'no_response', phase, code })).toEqual({ kind: 'no_result', reason });
    expect(NO_RESULT_REASONS).toContain(reason);
  });
});

test('of a code longer than any the beginning is taken, which moves on to headers, logs and outcomes', () => {
  expect(classify(answer('F', 'X'.repeat(60_000)), systemicCodes())).toEqual({
    kind: 'rejected',
    code: `${'X'.repeat(64)}…`,
  });
});

describe('HOLD_CODES and TERMINAL_CODES', () => {
  test('move codes between the two kinds of F', () => {
    const moved = systemicCodes(['PROCESS_FAIL'], ['ACCESS_DENIED']);
    expect(classify(answer('F', 'PROCESS_FAIL'), moved)).toEqual({ kind: 'systemic', code: 'PROCESS_FAIL' });
    expect(classify(answer('F', 'ACCESS_DENIED'), moved)).toEqual({ kind: 'rejected', code: 'ACCESS_DENIED' });
    expect(classify(answer('F', 'KEY_NOT_FOUND'), moved)).toEqual({ kind: 'systemic', code: 'KEY_NOT_FOUND' });
    expect(classify(answer('F', 'PARAM_ILLEGAL'), moved)).toEqual({ kind: 'rejected', code: 'PARAM_ILLEGAL' });
  });

  test('a moved code is believed unsigned only on the systemic side', () => {
    const moved = systemicCodes(['PROCESS_FAIL'], ['ACCESS_DENIED']);
    expect(classify(answer('F', 'PROCESS_FAIL', { verification: 'missing' }), moved).kind).toBe('systemic');
    expect(classify(answer('F', 'ACCESS_DENIED', { verification: 'missing' }), moved).kind).toBe('no_result');
  });

  test('leave the defaults alone for the next caller', () => {
    systemicCodes(['PROCESS_FAIL'], ['ACCESS_DENIED']);
    expect([...systemicCodes()]).toEqual([...SYSTEMIC_CODES]);
    expect(systemicCodes().has('PROCESS_FAIL')).toBe(false);
    expect(systemicCodes().has('ACCESS_DENIED')).toBe(true);
  });
});
