import { decide, type Disposition } from '../core/disposition.ts';
import { hasUnlistedCode, invalidField, type PaymentFinal } from '../core/event.ts';
import { copyOf, fenceKey, type Copy, type Turn } from '../core/fence.ts';
import { notificationBody } from '../core/notification.ts';
import { classify } from '../core/outcome.ts';
import { readProvenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import { tierOf } from '../core/retry-policy.ts';
import type { Ports, Tenure } from './ports.ts';
import { settle, type Work } from './settle.ts';
import { pause, pauseUntil, untilDone } from './waiting.ts';

const TURN_PAUSE_MS = 50;

/**
 * The whole story of one record: wait until it is due → decode → check → wait for its key's turn → send → judge →
 * settle. When this returns, the record is settled and its offset may be committed.
 *
 * Throws `Abandoned`, with nothing settled, when the right to the partition ends. What concerns this one event is a
 * value; what concerns our infrastructure is waited for, and the record is judged afterwards.
 */
export async function processRecord(record: KafkaRecord, ports: Ports, tenure: Tenure): Promise<void> {
  const { settings, observe, fences, now } = ports;
  const tier = tierOf(settings.source, record.topic) ?? 'main';
  const provenance = readProvenance(record, settings.source);
  if (provenance.notBefore !== undefined) {
    await pauseUntil(provenance.notBefore, now, tenure.closing);
    observe({ kind: 'due', tier, latenessMs: now() - provenance.notBefore });
  }

  const work = await read({ record, tier, provenance }, ports, tenure);
  const copy = copyOf(record, tier, work.provenance);
  if ('unfit' in work) await settle(work, work.unfit, ports, tenure);
  else await inTurn(work, copy, ports, tenure);
  if (copy !== undefined) fences.of(record.partition).leave(copy);
}

type Readable = Work & { readonly event: PaymentFinal };
type Unfit = Work & { readonly unfit: Extract<Disposition, { kind: 'dead_letter' }> };

/** Decodes and checks; what is no event, or none that can be told, is unfit and never asks for a turn. */
async function read(work: Work, { decode, observe }: Ports, { closing }: Tenure): Promise<Readable | Unfit> {
  const { record, provenance } = work;
  const decoded = await untilDone(
    () => decode(record.value),
    (error) => observe({ kind: 'waiting', for: 'registry', record, error }),
    closing,
  );
  if (decoded.kind === 'undecodable') {
    const { error, detail } = decoded;
    observe({ kind: 'undecodable', record, error, detail });
    return { ...work, unfit: { kind: 'dead_letter', reason: 'undecodable', detail: error } };
  }
  const { event } = decoded;
  const wrong = invalidField(event);
  if (wrong !== undefined)
    return { ...work, event, unfit: { kind: 'dead_letter', reason: 'invalid_event', detail: wrong } };
  if (hasUnlistedCode(event) && provenance.attempts === 0) {
    observe({ kind: 'unlisted_payment_code', paymentId: event.paymentId, code: event.paymentResult.resultCode });
  }
  return { ...work, event, provenance: { ...provenance, paymentId: event.paymentId } };
}

/** Sends the event, or parks it behind an earlier one of its key that is parked. */
async function inTurn(work: Readable, copy: Copy | undefined, ports: Ports, tenure: Tenure): Promise<void> {
  const { record, provenance, event } = work;
  const turn = await nextTurn(work, copy, ports, tenure);
  switch (turn.kind) {
    case 'send':
      return notify(work, event, ports, tenure);
    case 'behind': {
      const waiting = { ...work, provenance: { ...provenance, waits: (provenance.waits ?? 0) + 1 } };
      const { tier: name, notBefore } = turn;
      return settle(waiting, { kind: 'retry', tier: { name }, notBefore, reason: 'behind_parked_key' }, ports, tenure);
    }
    case 'pass':
      ports.observe({ kind: 'superseded', record, provenance });
  }
}

/** Waits until it is clear what to do; a record of the source also waits while too much is parked. */
async function nextTurn(
  { record, event, tier }: Readable,
  copy: Copy | undefined,
  { fences, observe }: Ports,
  { closing }: Tenure,
): Promise<Exclude<Turn, { kind: 'wait' }>> {
  const fence = fences.of(record.partition);
  const key = fenceKey(record.key, event.paymentId);
  if (copy !== undefined) fence.join(copy);
  for (;;) {
    if (copy === undefined && tier !== 'main') return { kind: 'send' };
    const turn = copy === undefined ? fence.turnOfSource(key, record.offset) : fence.turnOf(copy);
    const full = tier === 'main' && turn.kind !== 'pass' && fences.full;
    if (full) observe({ kind: 'waiting', for: 'parked', record, error: new Error('too many events are parked') });
    else if (turn.kind !== 'wait') return turn;
    await pause(TURN_PAUSE_MS, closing);
  }
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
      const disposition = decide(
        outcome,
        { firstAttemptAt, hops: provenance.hops - (provenance.waits ?? 0) },
        settings.retry,
        now(),
      );
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
