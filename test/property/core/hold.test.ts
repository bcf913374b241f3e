import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayProbe } from '../../../src/core/hold.ts';
import type { Outcome } from '../../../src/core/outcome.ts';
import {
  attemptReturned,
  attemptGivenUp,
  attemptStarted,
  NOTHING_SENT,
  type StartedAttempt,
  type Sending,
} from '../../../src/core/sending.ts';
import type { Suspicion } from '../../../src/core/suspicion.ts';

const outcome: fc.Arbitrary<Outcome | undefined> = fc.constantFrom<(Outcome | undefined)[]>(
  { kind: 'delivered', code: 'SUCCESS' },
  { kind: 'rejected', code: 'PARAM_ILLEGAL' },
  { kind: 'unknown', code: 'UNKNOWN_EXCEPTION' },
  { kind: 'systemic', code: 'KEY_NOT_FOUND' },
  { kind: 'systemic', code: 'ACCESS_DENIED' },
  { kind: 'no_result', reason: 'timeout' },
  { kind: 'no_result', reason: 'untrusted_response' },
  undefined,
);

/** Time passes; somebody wants to send; the request that is that number in flight comes back. */
const step = fc.record({
  passMs: fc.nat({ max: 3_000 }),
  sender: fc.nat({ max: 5 }),
  which: fc.nat({ max: 20 }),
  send: fc.boolean(),
  outcome,
  chance: fc.double({ min: 0, max: 1, noNaN: true }),
});
const steps = fc.array(step, { maxLength: 120 });
const outageAfter = fc.nat({ max: 4 });

interface InFlight {
  readonly attempt: StartedAttempt;
  readonly paymentId: string;
}

/** Everything that is known after these steps, checked at each. */
function play(plan: readonly (typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never)[], outageAfter: number) {
  let sending: Sending = NOTHING_SENT;
  let now = 0;
  const inFlight: InFlight[] = [];
  const suspicions = new Map<string, Suspicion | undefined>();
  for (const { passMs, sender, which, send, outcome, chance } of plan) {
    now += passMs;
    if (send) {
      if (sending.hold.kind === 'held' && !mayProbe(sending.hold, now)) continue;
      const [after, attempt] = attemptStarted(sending, now, chance);
      sending = after;
      inFlight.push({ attempt, paymentId: String(sender) });
    } else {
      const [back] = inFlight.splice(which % Math.max(1, inFlight.length), 1);
      if (back === undefined) continue;
      sending = returned(sending, back, outcome, chance);
    }
    const probes = inFlight.filter(({ attempt }) => attempt.probe);
    expect(probes.length, 'probes on their way').toBe(sending.hold.kind === 'held' && sending.hold.probing ? 1 : 0);
  }
  return { sending, inFlight, now };

  function returned(before: Sending, { attempt, paymentId }: InFlight, outcome: Outcome | undefined, chance: number) {
    if (outcome === undefined) return attemptGivenUp(before, attempt, now);
    const answer = { paymentId, outcome, suspicion: suspicions.get(paymentId) };
    const [after, next] = attemptReturned(before, attempt, answer, outageAfter, now, chance);
    suspicions.set(paymentId, next.kind === 'send_again' ? next.suspicion : undefined);
    const good = outcome.kind !== 'systemic' && outcome.kind !== 'no_result';
    if (good) expect(next).toEqual({ kind: 'settle' });
    if (good && attempt.probe) expect(after.hold.kind, 'after a probe was answered').toBe('open');
    if (outcome.kind === 'systemic') expect(next.kind).not.toBe('settle');
    if (next.kind === 'reject') expect(outcome.kind).toBe('systemic');
    return after;
  }
}

test('there is never a second probe, and a good answer to a probe always ends the hold', () => {
  fc.assert(
    fc.property(steps, outageAfter, (plan, outageAfter) => {
      play(plan, outageAfter);
    }),
    { numRuns: 500 },
  );
});

test('whatever has happened, within 5 s and one good answer sending is open again', () => {
  fc.assert(
    fc.property(steps, outageAfter, fc.double({ min: 0, max: 1, noNaN: true }), (plan, outageAfter, chance) => {
      const { sending, inFlight, now } = play(plan, outageAfter);
      if (sending.hold.kind === 'open') return;
      const probe = inFlight.find(({ attempt }) => attempt.probe);
      const freed = probe === undefined ? sending : attemptGivenUp(sending, probe.attempt, now);
      expect(freed.hold.kind === 'held' && mayProbe(freed.hold, now + 5_000)).toBe(true);
      const [left, attempt] = attemptStarted(freed, now + 5_000, chance);
      const delivered = { paymentId: 'x', outcome: { kind: 'delivered', code: 'SUCCESS' } } as const;
      const [after] = attemptReturned(left, attempt, delivered, outageAfter, now + 5_000, chance);
      expect(after.hold.kind).toBe('open');
    }),
    { numRuns: 500 },
  );
});

test('where everyone is refused alike nobody is ever judged alone', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 60 }), (senders) => {
      let sending: Sending = NOTHING_SENT;
      const suspicions = new Map<number, Suspicion | undefined>();
      for (const sender of senders) {
        const [left, attempt] = attemptStarted(sending, 0, 0);
        const outcome: Outcome = { kind: 'systemic', code: 'KEY_NOT_FOUND' };
        const answer = { paymentId: String(sender), outcome, suspicion: suspicions.get(sender) };
        const [after, next] = attemptReturned(left, attempt, answer, 0, 0, 0);
        expect(next.kind).toBe('send_again');
        suspicions.set(sender, next.kind === 'send_again' ? next.suspicion : undefined);
        sending = after;
      }
    }),
  );
});
