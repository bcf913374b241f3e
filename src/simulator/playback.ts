import { createHash } from 'node:crypto';
import { type Answer, type Conditions, needsBody, type Profile } from './faults.ts';

/** A profile being played: it remembers when it began, how often each rule applied, and the rate so far. */
export interface Playback {
  /** Latency of every answer, in milliseconds; an answer's own delay is added to it. */
  readonly baseDelayMs: number;
  /** What is to happen before the body is read: `reset_before_read`, or `undefined` to read on. */
  readonly beforeBody: () => Answer | undefined;
  /**
   * The answer for a valid request; the first rule that matches wins.
   *
   * @param attempt which valid request for this payment id it is, from 1
   */
  readonly choose: (paymentId: string, attempt: number) => Answer;
}

const SUCCESS: Answer = { code: 'SUCCESS' };
const OVER_THE_CAP: Answer = { code: 'REQUEST_TRAFFIC_EXCEED_LIMIT' };

/**
 * Begins to play a profile.
 *
 * The rate cap is a token bucket of one second's worth: after a quiet second that many requests pass at once.
 *
 * @param nowMs a monotonic clock in milliseconds
 */
export function beginPlayback(profile: Profile, nowMs: () => number): Playback {
  const begin = nowMs();
  const otherwise = profile.default ?? SUCCESS;
  const rules = (profile.rules ?? []).map((rule, index) => {
    const asks = rule.when ?? {};
    return { asks, answer: rule.answer, inBody: bodyMatcher(asks, index), needsBody: needsBody(rule.when), applied: 0 };
  });
  const takeToken = tokenBucket(profile.rateCap, nowMs);

  const mayApply = ({ asks, applied }: (typeof rules)[number]): boolean => {
    const playedMs = nowMs() - begin;
    const { afterMs = 0, beforeMs = Infinity } = asks.between ?? {};
    return applied < (asks.first ?? Infinity) && playedMs >= afterMs && playedMs < beforeMs;
  };

  return {
    baseDelayMs: profile.delayMs ?? 0,
    beforeBody() {
      for (const rule of rules) {
        if (rule.needsBody) return undefined;
        if (!mayApply(rule)) continue;
        if (rule.answer.fault !== 'reset_before_read') return undefined;
        rule.applied += 1;
        return rule.answer;
      }
      return otherwise.fault === 'reset_before_read' ? otherwise : undefined;
    },
    choose(paymentId, attempt) {
      if (!takeToken()) return OVER_THE_CAP;
      const rule = rules.find(
        (rule) => rule.answer.fault !== 'reset_before_read' && mayApply(rule) && rule.inBody(paymentId, attempt),
      );
      if (rule === undefined) return otherwise;
      rule.applied += 1;
      return rule.answer;
    },
  };
}

function bodyMatcher(asks: Conditions, index: number): (paymentId: string, attempt: number) => boolean {
  const patterns = asks.paymentId === undefined ? undefined : [asks.paymentId].flat().map(globPattern);
  const { from = 1, to = Infinity } =
    typeof asks.attempt === 'number' ? { from: asks.attempt, to: asks.attempt } : (asks.attempt ?? {});
  const { share } = asks;
  return (paymentId, attempt) =>
    attempt >= from &&
    attempt <= to &&
    (patterns === undefined || patterns.some((pattern) => pattern.test(paymentId))) &&
    (share === undefined || lot(index, paymentId) < share);
}

function globPattern(glob: string): RegExp {
  const literal = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su');
}

/** A number in [0, 1) that a payment id always draws at a rule's position; positions draw independently. */
function lot(index: number, paymentId: string): number {
  return createHash('sha256').update(`${index}:${paymentId}`).digest().readUInt32BE(0) / 2 ** 32;
}

function tokenBucket(perSecond: number | undefined, nowMs: () => number): () => boolean {
  if (perSecond === undefined) return () => true;
  const capacity = Math.max(1, perSecond);
  let tokens = capacity;
  let filledAt = nowMs();
  return () => {
    const now = nowMs();
    tokens = Math.min(capacity, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
