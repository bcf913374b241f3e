/** How the gateway answers a request. */
export interface Answer {
  /** Result and code, such as `S SUCCESS`; or `reset`, a connection that ends where the answer was due. */
  readonly result: string;
  readonly isUnsigned?: boolean;
  readonly isNeverSent?: boolean;
  /** HTTP's. */
  readonly status?: number;
  readonly delayMs?: number;
}

/** What the gateway does with a payment at so many first attempts; from then on it accepts it. */
interface Fate {
  readonly share: number;
  readonly attempts: number;
  readonly answer: Answer;
}

/** By the last part of a payment's id; any other one is accepted at once. */
export const FATES: Readonly<Record<string, Fate>> = {
  unknown: { share: 0.08, attempts: 1, answer: { result: 'U UNKNOWN_EXCEPTION' } },
  unknown3: { share: 0.04, attempts: 3, answer: { result: 'U UNKNOWN_EXCEPTION' } },
  unsigned: { share: 0.03, attempts: 1, answer: { result: 'S SUCCESS', isUnsigned: true } },
  http503: { share: 0.03, attempts: 1, answer: { result: 'S SUCCESS', isUnsigned: true, status: 503 } },
  reset: { share: 0.03, attempts: 1, answer: { result: 'reset' } },
  silent: { share: 0.02, attempts: 1, answer: { result: 'no answer', isNeverSent: true } },
  slow: { share: 0.04, attempts: 1, answer: { result: 'S SUCCESS', delayMs: 700 } },
  refused: { share: 0.06, attempts: Infinity, answer: { result: 'F PROCESS_FAIL' } },
};

/** Answers that end a payment's story. */
export const VERDICTS: ReadonlySet<string> = new Set(['S SUCCESS', 'F PROCESS_FAIL']);
