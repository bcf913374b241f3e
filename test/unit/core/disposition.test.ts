import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/disposition.ts';
import { RETRY } from '../../support/fixtures.ts';

const NOW = 1_700_000_000_000;
const fresh = { firstAttemptAt: NOW, hops: 0 };

test('delivered completes', () => {
  expect(decide({ kind: 'delivered', code: 'SUCCESS' }, fresh, RETRY, NOW)).toEqual({ kind: 'complete' });
});

test('rejected becomes a dead letter that names the code', () => {
  expect(decide({ kind: 'rejected', code: 'PARAM_ILLEGAL' }, fresh, RETRY, NOW)).toEqual({
    kind: 'dead_letter',
    reason: 'rejected',
    detail: 'PARAM_ILLEGAL',
  });
});

test('systemic holds, however old the record is', () => {
  const old = { firstAttemptAt: NOW - 10 * RETRY.maxAgeMs, hops: 99 };
  for (const attempt of [fresh, old]) {
    const disposition = decide({ kind: 'systemic', code: 'KEY_NOT_FOUND' }, attempt, RETRY, NOW);
    expect(disposition).toEqual({ kind: 'hold', reason: 'KEY_NOT_FOUND' });
  }
});

describe('an unknown result is tried again', () => {
  test.each([
    [0, '5s', 5_000],
    [1, '30s', 30_000],
    [2, '2m', 120_000],
    [3, '2m', 120_000],
    [1_000, '2m', 120_000],
  ])('after %i parkings in the tier %s, the last one repeating', (hops, name, delayMs) => {
    expect(decide({ kind: 'unknown', code: 'UNKNOWN_EXCEPTION' }, { ...fresh, hops }, RETRY, NOW)).toEqual({
      kind: 'retry',
      tier: { name, delayMs },
      notBefore: NOW + delayMs,
      reason: 'UNKNOWN_EXCEPTION',
    });
  });

  test('and so is no result, under its closed reason', () => {
    expect(decide({ kind: 'no_result', reason: 'timeout' }, fresh, RETRY, NOW)).toEqual({
      kind: 'retry',
      tier: RETRY.tiers[0],
      notBefore: NOW + 5_000,
      reason: 'timeout',
    });
  });
});

describe('RETRY_MAX_AGE counts from the first attempt to the end of this one', () => {
  const unknown = { kind: 'unknown', code: 'UNKNOWN_EXCEPTION' } as const;
  const aged = (ageMs: number) => ({ firstAttemptAt: NOW - ageMs, hops: 7 });

  test('a millisecond short of it there is another try', () => {
    expect(decide(unknown, aged(RETRY.maxAgeMs - 1), RETRY, NOW).kind).toBe('retry');
  });

  test('from then on there is none', () => {
    expect(decide(unknown, aged(RETRY.maxAgeMs), RETRY, NOW)).toEqual({
      kind: 'dead_letter',
      reason: 'retries_exhausted',
      detail: 'UNKNOWN_EXCEPTION',
    });
    expect(decide({ kind: 'no_result', reason: 'dns' }, aged(RETRY.maxAgeMs), RETRY, NOW)).toMatchObject({
      reason: 'retries_exhausted',
      detail: 'dns',
    });
  });

  test('an old record whose attempt brought an answer goes by the answer', () => {
    const old = aged(2 * RETRY.maxAgeMs);
    expect(decide({ kind: 'delivered', code: 'SUCCESS' }, old, RETRY, NOW).kind).toBe('complete');
    expect(decide({ kind: 'rejected', code: 'PROCESS_FAIL' }, old, RETRY, NOW)).toMatchObject({ reason: 'rejected' });
  });

  test('the first attempt is never the last, unless there is no age at all', () => {
    expect(decide(unknown, fresh, { ...RETRY, maxAgeMs: 1 }, NOW).kind).toBe('retry');
    expect(decide(unknown, fresh, { ...RETRY, maxAgeMs: 0 }, NOW).kind).toBe('dead_letter');
  });
});
