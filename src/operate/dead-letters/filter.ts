import type { Letter } from './letters.ts';

/** Which letters are meant; what is absent holds for all of them. */
export interface LetterFilter {
  readonly reason?: string;
  readonly code?: string;
  /** Of when the letter was written, in epoch milliseconds; included. */
  readonly from?: number;
  /** Not included. */
  readonly to?: number;
  readonly paymentId?: string;
  /** Payments that are left out. */
  readonly except?: readonly string[];
}

export function matches(letter: Letter, filter: LetterFilter): boolean {
  const {
    reason,
    code,
    from = Number.NEGATIVE_INFINITY,
    to = Number.POSITIVE_INFINITY,
    paymentId,
    except = [],
  } = filter;
  return (
    (reason === undefined || letter.reason === reason) &&
    (code === undefined || letter.code === code) &&
    (paymentId === undefined || letter.paymentId === paymentId) &&
    letter.at >= from &&
    letter.at < to &&
    !(letter.paymentId !== null && except.includes(letter.paymentId))
  );
}

/** How many letters there are of a reason and code. */
export interface Count {
  readonly reason: string;
  readonly code: string | null;
  readonly count: number;
}

/** By reason and code, the most frequent first. */
export function countLetters(letters: readonly Letter[]): Count[] {
  const counts = new Map<string, Count>();
  for (const { reason, code } of letters) {
    const key = JSON.stringify([reason, code]);
    counts.set(key, { reason, code, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort(
    (a, b) => b.count - a.count || a.reason.localeCompare(b.reason) || (a.code ?? '').localeCompare(b.code ?? ''),
  );
}
