/** How a check ended: a warning says what may hurt later, a failure what keeps events from being told. */
export type Status = 'ok' | 'warn' | 'fail';

/** One check, as `doctor --json` prints it. */
export interface Check {
  /** What was looked at, such as `topic payment-final.retry.5s`. */
  readonly name: string;
  readonly status: Status;
  /** What was found. No secret. */
  readonly finding: string;
  /** What to do; `null` where there is nothing to do. */
  readonly remedy: string | null;
}

export function ok(name: string, finding: string): Check {
  return { name, status: 'ok', finding, remedy: null };
}

export function warn(name: string, finding: string, remedy: string): Check {
  return { name, status: 'warn', finding, remedy };
}

export function fail(name: string, finding: string, remedy: string): Check {
  return { name, status: 'fail', finding, remedy };
}
