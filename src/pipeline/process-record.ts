import { durationMs } from '../core/duration.ts';
import { decide } from '../core/disposition.ts';
import { hasUnlistedCode, invalidField, type PaymentFinal } from '../core/event.ts';
import { notificationBody } from '../core/notification.ts';
import { classify } from '../core/outcome.ts';
import { readProvenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import { tierOf } from '../core/retry-policy.ts';
import type { Ports, Tenure } from './ports.ts';
import { settle, type Work } from './settle.ts';
import { pauseUntil, untilDone, type Due } from './waiting.ts';

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
    await pauseUntil(dueTime(record, tier, provenance.notBefore), now, tenure.closing);
    observe({ kind: 'due', tier, latenessMs: Math.max(0, now() - provenance.notBefore) });
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

/** It was parked before it was read, so what it had to wait then is enough from now on, whatever the clocks show. */
function dueTime({ readAt, timestamp }: KafkaRecord, tier: string, notBefore: number): Due {
  return { wall: notBefore, monotonic: readAt + Math.max(durationMs(tier) ?? 0, notBefore - timestamp) };
}

/** Sends until the answer says what becomes of the record; while held, that is again and again. */
async function notify(unsent: Work, event: PaymentFinal, ports: Ports, tenure: Tenure): Promise<void> {
  const { settings, observe, now } = ports;
  const { paymentId } = event;
  const body = unsent.provenance.body ?? notificationBody(event, settings.timeOffset);
  for (let work = unsent; ;) {
    const pass = await ports.enter(tenure.closing, unsent.tier === 'main' ? 'live' : 'retry');
    let verdict: ReturnType<typeof pass.done> | undefined;
    try {
      const mayLeave = (): void => {
        tenure.assertHeld(true);
      };
      const sent = await ports.send(body, mayLeave, tenure.ended, pass.keyTurn);
      const outcome = classify(sent.exchange, settings.systemic);
      const { record, tier, provenance } = work;
      const attempt = provenance.attempts + 1;
      const firstAttemptAt = provenance.firstAttemptAt ?? sent.startedAt;
      const disposition = decide(outcome, { firstAttemptAt, hops: provenance.hops }, settings.retry, now());
      work = {
        ...work,
        provenance: { ...provenance, attempts: attempt, firstAttemptAt, lastAttemptAt: sent.startedAt, body },
        last: { ...sent, outcome },
      };
      observe({ kind: 'attempt', tier, record, provenance, paymentId, attempt, outcome, disposition, ...sent });
      tenure.assertHeld(false);
      verdict = pass.done(outcome, paymentId);
      if (verdict === 'settle' && disposition.kind !== 'hold') {
        await settle(work, disposition, ports, tenure);
        return;
      }
    } finally {
      if (verdict === undefined) pass.done(undefined, paymentId);
    }
  }
}
