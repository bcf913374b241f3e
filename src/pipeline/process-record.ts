import { decide, type Disposition } from '../core/disposition.ts';
import { hasUnlistedCode, invalidField, isPaymentId, type PaymentFinal } from '../core/event.ts';
import { copyOf, orderKey, type Copy, type Turn } from '../core/parked-keys.ts';
import { isTrustworthy } from '../core/hold.ts';
import { notificationBody } from '../core/notification.ts';
import { classify } from '../core/outcome.ts';
import { readProvenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import type { Tier } from '../core/retry-policy.ts';
import { MAIN_TIER } from '../core/topology.ts';
import type { Verdict } from '../core/sending.ts';
import type { Suspicion } from '../core/suspicion.ts';
import type { Decoded, Ports, Ownership } from './ports.ts';
import { settle, type Final, type Work } from './settle.ts';
import { pause, pauseUntil, untilDone, type Due } from './waiting.ts';

const TURN_PAUSE_MS = 50;

/**
 * The whole story of one record: wait until it is due → decode → check → wait for its key's turn → send → judge →
 * settle. When this returns, the record is settled and its offset may be committed.
 *
 * Throws `Abandoned`, with nothing settled, when the right to the partition ends. What concerns this one event is a
 * value; what concerns our infrastructure is waited for, and the record is judged afterwards.
 */
export async function processRecord(record: KafkaRecord, ports: Ports, ownership: Ownership): Promise<void> {
  const { settings, observe, parkedKeys, now } = ports;
  const { topology } = settings;
  const retryTier = topology.retryTierOf(record.topic);
  const tier = topology.tierOf(record.topic);
  const provenance = readProvenance(record, topology.source);
  if (retryTier !== undefined && provenance.notBefore !== undefined) {
    await pauseUntil(dueTime(record, retryTier, provenance.notBefore), now, ownership.closing);
    observe({ kind: 'due', tier, latenessMs: Math.max(0, now() - provenance.notBefore) });
  }

  const work = await read({ record, tier, provenance }, ports, ownership);
  const copy = copyOf(record, topology, work.provenance);
  if ('unfit' in work) await settle(work, work.unfit, ports, ownership);
  else await inTurn(work, copy, ports, ownership);
  const parkedHere = parkedKeys.of(record.partition);
  if (copy !== undefined) parkedHere.leave(copy);
  else if (record.unreadable !== undefined) parkedHere.forget(tier, record.offset);
}

type Readable = Work & { readonly event: PaymentFinal };
type Unfit = Work & { readonly unfit: Extract<Disposition, { kind: 'dead_letter' }> };

/** Decodes and checks; what is no event, or none that can be told, is unfit and never asks for a turn. */
async function read(work: Work, { decode, observe }: Ports, { closing }: Ownership): Promise<Readable | Unfit> {
  const { record, provenance } = work;
  const { unreadable } = record;
  if (unreadable?.reason === 'too_large') {
    return { ...work, unfit: { kind: 'dead_letter', reason: 'too_large', detail: 'bytes' } };
  }
  const decoded: Decoded =
    unreadable === undefined
      ? await untilDone(
          () => decode(record.value),
          (error) => observe({ kind: 'waiting', for: 'registry', record, error }),
          closing,
        )
      : { kind: 'undecodable', error: 'bytes', detail: unreadable.detail };
  if (decoded.kind === 'undecodable') {
    const { error, detail } = decoded;
    observe({ kind: 'undecodable', record, error, detail });
    return { ...work, unfit: { kind: 'dead_letter', reason: 'undecodable', detail: error } };
  }
  const { event } = decoded;
  const { paymentId } = event;
  const hasKey = record.key !== null && record.key.length > 0;
  const known = {
    ...work,
    event,
    provenance: hasKey || !isPaymentId(paymentId) ? provenance : { ...provenance, paymentId },
  };
  const wrong = invalidField(event);
  if (wrong !== undefined) return { ...known, unfit: { kind: 'dead_letter', reason: 'invalid_event', detail: wrong } };
  if (hasUnlistedCode(event) && provenance.attempts === 0) {
    observe({ kind: 'unlisted_payment_code', paymentId, code: event.paymentResult.resultCode });
  }
  return known;
}

/** It was parked before it was read, so what it had to wait then is enough from now on, whatever the clocks show. */
function dueTime({ readAt, timestamp }: KafkaRecord, { delayMs }: Tier, notBefore: number): Due {
  return { wall: notBefore, monotonic: readAt + Math.max(delayMs, notBefore - timestamp) };
}

/** Sends the event, or parks it behind an earlier one of its key that is parked. */
async function inTurn(work: Readable, copy: Copy | undefined, ports: Ports, ownership: Ownership): Promise<void> {
  const { record, provenance, event } = work;
  const turn = await nextTurn(work, copy, ports, ownership);
  switch (turn.kind) {
    case 'send':
      return notify(work, event, ports, ownership);
    case 'behind': {
      const waiting = { ...work, provenance: { ...provenance, waits: (provenance.waits ?? 0) + 1 } };
      const { tier: name, notBefore } = turn;
      return settle(
        waiting,
        { kind: 'retry', tier: { name }, notBefore, reason: 'behind_parked_key' },
        ports,
        ownership,
      );
    }
    case 'pass':
      ports.observe({ kind: 'superseded', record, provenance });
  }
}

/** Waits until it is clear what to do; a record of the source also waits while too much is parked. */
async function nextTurn(
  { record, event, tier }: Readable,
  copy: Copy | undefined,
  { parkedKeys, observe }: Ports,
  { closing }: Ownership,
): Promise<Exclude<Turn, { kind: 'wait' }>> {
  const parkedHere = parkedKeys.of(record.partition);
  const key = orderKey(record.key, event.paymentId);
  if (copy !== undefined) parkedHere.join(copy);
  for (;;) {
    if (copy === undefined && tier !== MAIN_TIER) return { kind: 'send' };
    const turn = copy === undefined ? parkedHere.turnOfSource(key, record.offset) : parkedHere.turnOf(copy);
    const full = tier === MAIN_TIER && turn.kind !== 'pass' && parkedKeys.full;
    if (full) observe({ kind: 'waiting', for: 'parked', record, error: new Error('too many events are parked') });
    else if (turn.kind !== 'wait') return turn;
    await pause(TURN_PAUSE_MS, closing);
  }
}

/**
 * Sends until the answer says what becomes of the record. That is again and again while held, and for a payment that may
 * be the only one which is refused.
 */
async function notify(unsent: Work, event: PaymentFinal, ports: Ports, ownership: Ownership): Promise<void> {
  const { settings, observe, now } = ports;
  const { paymentId } = event;
  const body = unsent.provenance.body ?? notificationBody(event, settings.timeOffset);
  let suspicion: Suspicion | undefined;
  for (let work = unsent; ;) {
    const pass = await ports.enter(ownership.closing, unsent.tier === MAIN_TIER ? 'live' : 'retry');
    let disposition: Disposition;
    let verdict: Verdict | undefined;
    try {
      const mayLeave = (): void => {
        ownership.assertHeld(true);
      };
      const sent = await ports.send(body, mayLeave, ownership.ended, pass.keyTurn);
      const outcome = classify(sent.exchange, settings.systemic);
      const { record, tier, provenance } = work;
      const attempt = provenance.attempts + 1;
      const firstAttemptAt = provenance.firstAttemptAt ?? sent.startedAt;
      const hops = provenance.hops - (provenance.waits ?? 0);
      disposition = decide(outcome, { firstAttemptAt, hops }, settings.retry, now());
      work = {
        ...work,
        provenance: { ...provenance, attempts: attempt, firstAttemptAt, lastAttemptAt: sent.startedAt, body },
        last: { ...sent, outcome },
      };
      observe({ kind: 'attempt', tier, record, provenance, paymentId, attempt, outcome, disposition, ...sent });
      if (pass.keyTurn > 0 && isTrustworthy(outcome)) ports.keyWorked(sent.keyVersion);
      ownership.assertHeld(false);
      verdict = pass.done({ paymentId, outcome, suspicion });
    } finally {
      if (verdict === undefined) pass.done(undefined);
    }
    if (verdict.kind !== 'again') return settle(work, final(disposition), ports, ownership);
    suspicion = verdict.suspicion;
    if (verdict.afterMs > 0) await pause(verdict.afterMs, ownership.closing);
  }
}

/** Where nobody has to wait and the answer says to hold, this payment alone is refused: for good. */
function final(disposition: Disposition): Final {
  if (disposition.kind !== 'hold') return disposition;
  return { kind: 'dead_letter', reason: 'rejected', detail: disposition.reason };
}
