import { decide, type Disposition } from '../core/disposition.ts';
import { isTrustworthy } from '../core/hold.ts';
import { notificationBody } from '../core/notification.ts';
import { classify } from '../core/outcome.ts';
import type { NextStep } from '../core/sending.ts';
import type { Suspicion } from '../core/suspicion.ts';
import { MAIN_TIER } from '../core/topology.ts';
import type { Ownership, Ports } from './ports.ts';
import { pause } from './waiting.ts';
import type { Ending, Finished, Sendable } from './work.ts';

/**
 * Sends a notification until its answer says what becomes of the record. It is sent again while a hold lasts, and also
 * where this payment may be the only one that is refused.
 */
export async function notify(unsent: Sendable, ports: Ports, ownership: Ownership): Promise<Finished> {
  const body = unsent.provenance.body ?? notificationBody(unsent.event, ports.settings.timeOffset);
  let suspicion: Suspicion | undefined;
  for (let work = unsent; ;) {
    const attempt = await sendOnce(work, body, suspicion, ports, ownership);
    const { disposition, next } = attempt;
    if (next.kind !== 'send_again') return { ...attempt.work, ending: endingOf(disposition) };
    work = attempt.work;
    suspicion = next.suspicion;
    if (next.afterMs > 0) await pause(next.afterMs, ownership.closing);
  }
}

interface Attempt {
  readonly work: Sendable;
  /** What its answer alone would make of the record. */
  readonly disposition: Disposition;
  /** What is to be done, given what other payments have met. */
  readonly next: NextStep;
}

/** Sends one request, as soon as the gate lets it pass, and judges its answer. */
async function sendOnce(
  work: Sendable,
  body: Buffer,
  suspicion: Suspicion | undefined,
  ports: Ports,
  ownership: Ownership,
): Promise<Attempt> {
  const { settings, observe, now } = ports;
  const { record, tier, provenance } = work;
  const { paymentId } = work.event;
  const pass = await ports.enter(ownership.closing, tier === MAIN_TIER ? 'live' : 'retry');
  let next: NextStep | undefined;
  try {
    const mayLeave = (): void => {
      ownership.assertHeld(true);
    };
    const sent = await ports.send(body, mayLeave, ownership.ended, pass.keyChoice);
    const outcome = classify(sent.exchange, settings.systemic);
    const attempt = provenance.attempts + 1;
    const firstAttemptAt = provenance.firstAttemptAt ?? sent.startedAt;
    const hops = provenance.hops - (provenance.waits ?? 0);
    const disposition = decide(outcome, { firstAttemptAt, hops }, settings.retry, now());
    observe({ kind: 'attempt', tier, record, provenance, paymentId, attempt, outcome, disposition, ...sent });
    if (pass.keyChoice > 0 && isTrustworthy(outcome)) ports.keyWorked(sent.keyVersion);
    ownership.assertHeld(false);
    next = pass.done({ paymentId, trace: record.trace, outcome, suspicion });
    const attempted = {
      ...work,
      provenance: { ...provenance, attempts: attempt, firstAttemptAt, lastAttemptAt: sent.startedAt, body },
      lastAttempt: { ...sent, outcome },
    };
    return { work: attempted, disposition, next };
  } finally {
    if (next === undefined) pass.done(undefined);
  }
}

/** A hold that is not to be waited for: this payment alone is refused, so it is refused for good. */
function endingOf(disposition: Disposition): Ending {
  switch (disposition.kind) {
    case 'hold':
      return { kind: 'dead_letter', reason: 'rejected', detail: disposition.reason };
    case 'retry':
      return { ...disposition, tier: disposition.tier.name };
    case 'complete':
    case 'dead_letter':
      return disposition;
  }
}
