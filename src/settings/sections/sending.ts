import { z } from 'zod';
import { systemicCodes } from '../../core/outcome.ts';
import type { RetryPolicy } from '../../core/retry-policy.ts';
import * as kinds from '../kinds.ts';
import { field, optional, preset, section } from '../setting.ts';

const { duration, integer, oneOf } = kinds;

/** Epoch milliseconds. */
const instant: kinds.Kind<number> = (text) =>
  z.iso.datetime({ offset: true }).safeParse(text).success
    ? Date.parse(text)
    : kinds.wrong(text, 'is not a time; write ISO 8601 with its zone, such as 2026-11-22T10:00:00Z');

/** When an unknown result is tried again, and how long. */
export const retry = section({
  rows: {
    RETRY_DELAYS: preset(kinds.retryTiers, '5s,30s,2m,10m,1h', 'one retry topic each; the last repeats'),
    RETRY_MAX_AGE: preset(
      duration('1ms', '90d'),
      '24h',
      'counted from the first attempt; then dead letter `retries_exhausted`',
    ),
  },
  make: (values): RetryPolicy => ({ tiers: values.RETRY_DELAYS, maxAgeMs: values.RETRY_MAX_AGE }),
});

/** What stops all sending: so many attempts in a row without a trustworthy result (0 = never), or one of these codes. */
export const hold = section({
  rows: {
    OUTAGE_HOLD_AFTER: preset(
      integer(0, 10_000),
      '20',
      'attempts in a row, for different payments, without a trustworthy result before a hold; 0 = never',
    ),
    HOLD_CODES: optional(kinds.codes, 'result codes of `F` that hold, beside the systemic ones'),
    TERMINAL_CODES: optional(kinds.codes, 'result codes of `F` that never hold: such a record is a dead letter'),
  },
  *contradictions({ HOLD_CODES: hold = [], TERMINAL_CODES: terminal = [] }) {
    const both = hold.filter((code) => terminal.includes(code));
    if (both.length > 0) yield `HOLD_CODES: ${both.join(', ')} stands in TERMINAL_CODES too; leave it in one of them`;
  },
  make: (values) => ({
    outageHoldAfter: values.OUTAGE_HOLD_AFTER,
    systemic: systemicCodes(values.HOLD_CODES, values.TERMINAL_CODES),
  }),
});

/** How many records of one source partition may be in flight at once: of different keys, or one. */
export const ordering = section({
  rows: {
    ORDERING: preset(
      oneOf('partition', 'key'),
      'partition',
      '`partition`: one record of a partition at a time · `key`: records of different keys of a partition at once',
    ),
    KEY_CONCURRENCY: preset(integer(1, 1_000), '16', 'with `key`: records of one partition in flight at once'),
  },
  make: (values) => ({ concurrency: values.ORDERING === 'key' ? values.KEY_CONCURRENCY : 1 }),
});

/** Records whose origin is older than this, in epoch milliseconds, are sent again on purpose. */
export const replays = section({
  rows: {
    REPLAY_BEFORE: optional(
      instant,
      'ISO 8601 with zone: records whose origin is older are replays: no part of objectives, counted apart',
    ),
  },
  make: (values) => field('replayBefore', values.REPLAY_BEFORE),
});

/** How a notification is written. */
export const notification = section({
  rows: {
    PAYMENT_TIME_OFFSET: preset(kinds.zoneOffset, '+00:00', 'zone in which `paymentTime` is written'),
  },
  make: (values) => ({ timeOffset: values.PAYMENT_TIME_OFFSET }),
});
