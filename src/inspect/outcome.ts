/** A final verdict, as the outcomes topic has it. */
export interface ToldOutcome {
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number };
  /** `null` where the event could not be read. */
  readonly paymentId: string | null;
  readonly verdict: 'delivered' | 'dead_lettered';
  /** Absent in records from before it was written. */
  readonly deadLetterReason?: string | null;
  readonly resultCode: string | null;
  readonly attempts: number;
  readonly keyVersion: string | null;
  /** Epoch milliseconds, as is `settledAt`. */
  readonly firstAttemptAt?: number;
  readonly settledAt?: number;
  readonly requestSha256: string | null;
  readonly responseSha256: string | null;
}

/** @returns `undefined` for bytes that are no outcome */
export function readOutcome(value: Buffer | null): ToldOutcome | undefined {
  const { origin, verdict, attempts, ...told } = object(parsed(value));
  const { topic, partition, offset } = object(origin);
  if (typeof topic !== 'string' || !isCount(partition) || !isCount(offset) || !isCount(attempts)) return undefined;
  if (verdict !== 'delivered' && verdict !== 'dead_lettered') return undefined;
  const [firstAttemptAt, settledAt] = [time(told['firstAttemptAt']), time(told['settledAt'])];
  return {
    origin: { topic, partition, offset },
    paymentId: text(told['paymentId']),
    verdict,
    ...('deadLetterReason' in told && { deadLetterReason: text(told['deadLetterReason']) }),
    resultCode: text(told['resultCode']),
    attempts,
    keyVersion: text(told['keyVersion']),
    ...(firstAttemptAt !== undefined && { firstAttemptAt }),
    ...(settledAt !== undefined && { settledAt }),
    requestSha256: text(told['requestSha256']),
    responseSha256: text(told['responseSha256']),
  };
}

function parsed(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString() ?? '');
  } catch {
    return undefined;
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function time(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
