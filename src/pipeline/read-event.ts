import type { DeadLetterReason } from '../core/disposition.ts';
import { hasUnlistedCode, invalidField, isPaymentId, type PaymentFinal } from '../core/event.ts';
import type { Decoded, Ownership, Ports } from './ports.ts';
import { untilDoneFor } from './waiting.ts';
import type { Finished, Sendable, Work } from './work.ts';

/**
 * Decodes a record and checks its event. What is no event, or breaks the interface's rules, is finished: it becomes a
 * dead letter, whatever else is parked of its key.
 */
export async function readEvent(work: Work, ports: Ports, { closing }: Ownership): Promise<Sendable | Finished> {
  const { record, provenance } = work;
  if (record.unreadable?.reason === 'too_large') return deadLetter(work, 'too_large', 'bytes');
  const decoded = await decode(work, ports, closing);
  if (decoded.kind === 'undecodable') {
    const { error, detail } = decoded;
    ports.observe({ kind: 'undecodable', record, error, detail });
    return deadLetter(work, 'undecodable', error);
  }
  const { event } = decoded;
  const sendable = withEvent(work, event);
  const invalid = invalidField(event);
  if (invalid !== undefined) return deadLetter(sendable, 'invalid_event', invalid);
  if (hasUnlistedCode(event) && provenance.attempts === 0) {
    const { paymentId, paymentResult } = event;
    ports.observe({ kind: 'unlisted_payment_code', record, paymentId, code: paymentResult.resultCode });
  }
  return sendable;
}

/** Where the record has no key, its payment is named in the headers, so that copies and letters can be found by it. */
function withEvent(work: Work, event: PaymentFinal): Sendable {
  const { paymentId } = event;
  const hasKey = work.record.key !== null && work.record.key.length > 0;
  if (hasKey || !isPaymentId(paymentId)) return { ...work, event };
  return { ...work, event, provenance: { ...work.provenance, paymentId } };
}

async function decode({ record }: Work, ports: Ports, closing: AbortSignal): Promise<Decoded> {
  const { unreadable } = record;
  if (unreadable !== undefined) return { kind: 'undecodable', error: 'bytes', detail: unreadable.detail };
  return untilDoneFor(
    record,
    'registry',
    ports.waits,
    () => ports.decode(record.value),
    (error) => ports.observe({ kind: 'waiting', for: 'registry', record, error }),
    closing,
  );
}

function deadLetter(work: Work, reason: DeadLetterReason, detail: string): Finished {
  return { ...work, ending: { kind: 'dead_letter', reason, detail } };
}
