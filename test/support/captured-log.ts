import { expect } from 'vitest';
import { createLog, type LogOptions } from '../../src/ops/log.ts';
import type { AttemptFact, Fact, FinalOutcome, SettledFact } from '../../src/pipeline/facts.ts';

/** When the clock of a captured log begins, in epoch milliseconds. */
export const T0 = Date.UTC(2026, 10, 22, 10);
/** Stands wherever a record or a library could carry a secret; no line may hold it. */
export const SECRET = 'hunter2-marker';
/** As a record's `traceparent` says it. */
export const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true };
export const RECORD = {
  topic: 'pay.retry.5s',
  partition: 3,
  offset: 7,
  timestamp: T0,
  readAt: 0,
  key: Buffer.from('k'),
  value: Buffer.from(SECRET),
  headers: { token: SECRET },
  trace: TRACE,
};
export const PROVENANCE = {
  origin: { topic: 'pay', partition: 3, offset: 99, timestamp: T0 },
  attempts: 1,
  hops: 1,
  body: Buffer.from(SECRET),
};

export const ATTEMPT: AttemptFact = {
  kind: 'attempt',
  tier: '5s',
  record: RECORD,
  provenance: PROVENANCE,
  paymentId: 'p-1',
  attempt: 2,
  outcome: { kind: 'unknown', code: 'UNKNOWN_EXCEPTION' },
  exchange: { kind: 'response', status: 200, body: Buffer.from(SECRET), verification: 'verified' },
  disposition: { kind: 'retry', tier: { name: '30s', delayMs: 30_000 }, notBefore: T0 + 30_000, reason: 'X' },
  keyVersion: '4',
  startedAt: T0,
  durationMs: 12.6,
};

export const OUTCOME: FinalOutcome = {
  paymentId: 'p-1',
  verdict: 'dead_lettered',
  deadLetterReason: 'rejected',
  resultCode: 'PARAM_ILLEGAL',
  attempts: 2,
  keyVersion: '4',
  firstAttemptAt: new Date(T0).toISOString(),
  settledAt: new Date(T0 + 1).toISOString(),
  origin: { topic: 'pay', partition: 3, offset: 99 },
  requestSha256: 'ab12',
  responseSha256: 'cd34',
};

/** A log whose lines are taken away by `lines`, which first tells it the facts; each line is looked through for the secret. */
export function captureLog(level: LogOptions['level'] = 'info') {
  const clock = { now: T0 };
  const written: string[] = [];
  const stream = { write: (line: string) => void written.push(line) };
  const log = createLog({ level, stream, now: () => clock.now });
  return {
    log,
    clock,
    lines: (...facts: Fact[]): Record<string, unknown>[] => {
      facts.forEach((fact) => log.observe(fact));
      return written.splice(0).map((line) => {
        expect(line).toMatch(/^[^\n]*\n$/);
        expect(line).not.toContain(SECRET);
        return JSON.parse(line) as Record<string, unknown>;
      });
    },
  };
}

/** A record of `tier` 5s, settled. */
export function settled(as: SettledFact['as'], paymentId?: string): SettledFact {
  return { kind: 'settled', tier: '5s', record: RECORD, provenance: PROVENANCE, paymentId, as, finalAt: T0, at: T0 };
}
