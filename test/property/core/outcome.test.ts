import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RESULT_CODES } from '../../../src/core/codes.ts';
import { DEAD_LETTER_REASONS, decide } from '../../../src/core/disposition.ts';
import { classify, NO_RESULT_REASONS, systemicCodes, type Exchange } from '../../../src/core/outcome.ts';
import { RETRY } from '../../support/fixtures.ts';

const SYSTEMIC = systemicCodes();

const code = fc.oneof(fc.constantFrom<string>(...RESULT_CODES), fc.string());
const result = fc.record({
  resultStatus: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('S', 'F', 'U') }, fc.anything()),
  resultCode: fc.oneof({ weight: 4, arbitrary: code }, fc.jsonValue()),
});
const body = fc.oneof(
  { weight: 4, arbitrary: result.map((result) => json({ result })) },
  fc.jsonValue().map((result) => json({ result })),
  fc.jsonValue().map(json),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
);
const response = fc.record({
  kind: fc.constant('response' as const),
  status: fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 999 })),
  body,
  verification: fc.constantFrom('verified' as const, 'missing' as const, 'invalid' as const),
});
const noResponse = fc.record({
  kind: fc.constant('no_response' as const),
  phase: fc.constantFrom(...(['resolve', 'connect', 'tls', 'send', 'await_response', 'read_body'] as const)),
  code: fc.string(),
});
const exchange: fc.Arbitrary<Exchange> = fc.oneof({ weight: 4, arbitrary: response }, noResponse);

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)));
}

test('every exchange has exactly one outcome of the closed set', () => {
  fc.assert(
    fc.property(exchange, (exchange) => {
      const outcome = classify(exchange, SYSTEMIC);
      if (outcome.kind === 'no_result') expect(NO_RESULT_REASONS).toContain(outcome.reason);
      else expect(outcome.code).not.toBe('');
    }),
    { numRuns: 1_000 },
  );
});

test('an exchange that is not verified settles nothing: it is systemic and unsigned, or no result', () => {
  fc.assert(
    fc.property(exchange, (exchange) => {
      fc.pre(exchange.kind === 'no_response' || exchange.verification !== 'verified');
      const outcome = classify(exchange, SYSTEMIC);
      const believed =
        outcome.kind === 'systemic' &&
        SYSTEMIC.has(outcome.code) &&
        exchange.kind === 'response' &&
        exchange.verification === 'missing';
      if (!believed) expect(outcome.kind).toBe('no_result');
    }),
    { numRuns: 1_000 },
  );
});

test('a redirect is never a result', () => {
  fc.assert(
    fc.property(response, fc.integer({ min: 300, max: 399 }), (response, status) => {
      expect(classify({ ...response, status }, SYSTEMIC)).toEqual({ kind: 'no_result', reason: 'redirect' });
    }),
  );
});

const attempt = fc.record({ firstAttemptAt: fc.maxSafeNat(), hops: fc.maxSafeNat() });

test('every outcome of every attempt has a disposition, and a retry is always later and in a configured tier', () => {
  fc.assert(
    fc.property(exchange, attempt, fc.maxSafeNat(), (exchange, attempt, now) => {
      const disposition = decide(classify(exchange, SYSTEMIC), attempt, RETRY, now);
      if (disposition.kind === 'dead_letter') expect(DEAD_LETTER_REASONS).toContain(disposition.reason);
      if (disposition.kind === 'retry') {
        expect(RETRY.tiers).toContain(disposition.tier);
        expect(disposition.notBefore).toBe(now + disposition.tier.delayMs);
      }
    }),
  );
});

test('what is not verified never completes a record and never rejects it', () => {
  fc.assert(
    fc.property(exchange, attempt, fc.maxSafeNat(), (exchange, attempt, now) => {
      fc.pre(exchange.kind === 'no_response' || exchange.verification !== 'verified');
      const disposition = decide(classify(exchange, SYSTEMIC), attempt, RETRY, now);
      expect(disposition.kind).not.toBe('complete');
      expect(disposition).not.toMatchObject({ reason: 'rejected' });
    }),
  );
});
