import { setTimeout as sleep } from 'node:timers/promises';
import { isPaymentId, type PaymentFinal } from '../core/event.ts';
import { readProvenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import type { Decoder } from '../kafka/avro/decoder.ts';

/** Whose record it is. */
export interface Payment {
  /** What the event says; where it says nothing, the record's header or key. `null` where neither can be a payment's id. */
  readonly id: string | null;
  readonly event: PaymentFinal | null;
  /** Why there is no event, where there is none. */
  readonly undecodable: string | null;
  /** Whether there may be an event all the same: the registry did not answer. */
  readonly isDoubtful: boolean;
}

export type ReadPayment = (record: KafkaRecord) => Promise<Payment>;

const PAUSE_MS = 1_000;
/** A schema that was never seen is believed missing after 3 s; a registry that is not there is not waited for again. */
const MOST_PAUSES = 4;

/** Reads events for as long as the registry answers, and goes by headers and keys where it does not. */
export function paymentReader({ decode }: Pick<Decoder, 'decode'>, source: string, signal: AbortSignal): ReadPayment {
  let pauses = 0;
  return async (record) => {
    for (;;) {
      try {
        const decoded = await decode(record.value);
        if (decoded.kind === 'undecodable') return nameless(record, source, decoded.detail, false);
        const { event } = decoded;
        return { id: event.paymentId, event, undecodable: null, isDoubtful: false };
      } catch (error) {
        signal.throwIfAborted();
        if (pauses >= MOST_PAUSES) return nameless(record, source, reason(error), true);
        pauses += 1;
        await sleep(PAUSE_MS, undefined, { signal });
      }
    }
  };
}

function nameless(record: KafkaRecord, source: string, undecodable: string, isDoubtful: boolean): Payment {
  const id = readProvenance(record, source).paymentId ?? record.key?.toString() ?? '';
  return { id: isPaymentId(id) ? id : null, event: null, undecodable, isDoubtful };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : 'the schema registry does not answer';
}
