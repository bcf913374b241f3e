import { decide, type Disposition } from '../core/disposition.ts';
import { hasUnlistedCode, invalidField, type PaymentFinal } from '../core/event.ts';
import { isTrustworthy } from '../core/hold.ts';
import { notificationBody } from '../core/notification.ts';
import { classify } from '../core/outcome.ts';
import { readProvenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import { tierOf } from '../core/retry-policy.ts';
import type { Verdict } from '../core/sending.ts';
import type { Suspicion } from '../core/suspicion.ts';
import type { Ports, Tenure } from './ports.ts';
import { settle, type Final, type Work } from './settle.ts';
import { pause, pauseUntil, untilDone } from './waiting.ts';

/**
 * The whole story of one record: wait until it is due → decode → check → send → judge → settle. When this returns, the
 * record is settled and its offset may be committed.
 *
 * Throws `Abandoned`, with nothing settled, when the right to the partition ends. What concerns this one event is a
 * value; what concerns our infrastructure is waited for, and the record is judged afterwards.
 */
export async function processRecord(record: KafkaRecord, ports: Ports, tenure: Tenure): Promise<void> {
  const { settings, observe, now } = ports;
  const tier = tierOf(settings.source, record.topic) ?? 'main';
  const provenance = readProvenance(record, settings.source);
  if (provenance.notBefore !== undefined) {
    await pauseUntil(provenance.notBefore, now, tenure.closing);
    observe({ kind: 'due', tier, latenessMs: now() - provenance.notBefore });
  }

  const decoded = await untilDone(
    () => ports.decode(record.value),
    (error) => observe({ kind: 'waiting', for: 'registry', record, error }),
    tenure.closing,
  );
  const work: Work = { record, tier, provenance };
  if (decoded.kind === 'undecodable') {
    observe({ kind: 'undecodable', record, error: decoded.error, detail: decoded.detail });
    return settle(work, { kind: 'dead_letter', reason: 'undecodable', detail: decoded.error }, ports, tenure);
  }

  const { event } = decoded;
  const wrong = invalidField(event);
  if (wrong !== undefined) {
    return settle({ ...work, event }, { kind: 'dead_letter', reason: 'invalid_event', detail: wrong }, ports, tenure);
  }
  if (hasUnlistedCode(event) && provenance.attempts === 0) {
    observe({ kind: 'unlisted_payment_code', paymentId: event.paymentId, code: event.paymentResult.resultCode });
  }
  return notify({ ...work, event }, event, ports, tenure);
}

/**
 * Sends until the answer says what becomes of the record. That is again and again while held, and for a payment that may
 * be the only one which is refused.
 */
async function notify(unsent: Work, event: PaymentFinal, ports: Ports, tenure: Tenure): Promise<void> {
  const { settings, observe, now } = ports;
  const { paymentId } = event;
  const body = unsent.provenance.body ?? notificationBody(event, settings.timeOffset);
  let suspicion: Suspicion | undefined;
  for (let work = unsent; ;) {
    const pass = await ports.enter(tenure.closing, unsent.tier === 'main' ? 'live' : 'retry');
    let disposition: Disposition;
    let verdict: Verdict | undefined;
    try {
      const mayLeave = (): void => {
        tenure.assertHeld(true);
      };
      const sent = await ports.send(body, mayLeave, tenure.ended, pass.keyTurn);
      const outcome = classify(sent.exchange, settings.systemic);
      const { record, tier, provenance } = work;
      const attempt = provenance.attempts + 1;
      const firstAttemptAt = provenance.firstAttemptAt ?? sent.startedAt;
      disposition = decide(outcome, { firstAttemptAt, hops: provenance.hops }, settings.retry, now());
      work = {
        ...work,
        provenance: { ...provenance, attempts: attempt, firstAttemptAt, lastAttemptAt: sent.startedAt, body },
        last: { ...sent, outcome },
      };
      observe({ kind: 'attempt', tier, record, provenance, paymentId, attempt, outcome, disposition, ...sent });
      if (pass.keyTurn > 0 && isTrustworthy(outcome)) ports.keyWorked(sent.keyVersion);
      tenure.assertHeld(false);
      verdict = pass.done({ paymentId, outcome, suspicion });
    } finally {
      if (verdict === undefined) pass.done(undefined);
    }
    if (verdict.kind !== 'again') return settle(work, final(disposition), ports, tenure);
    suspicion = verdict.suspicion;
    if (verdict.afterMs > 0) await pause(verdict.afterMs, tenure.closing);
  }
}

/** Where nobody has to wait and the answer says to hold, this payment alone is refused: for good. */
function final(disposition: Disposition): Final {
  if (disposition.kind !== 'hold') return disposition;
  return { kind: 'dead_letter', reason: 'rejected', detail: disposition.reason };
}
