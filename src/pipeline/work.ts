import type { Disposition } from '../core/disposition.ts';
import type { PaymentFinal } from '../core/event.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Provenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import type { SentRequest } from './ports.ts';

/** A record on its way through the pipeline, with what is known of it so far. */
export interface Work {
  readonly record: KafkaRecord;
  /** `main`, or the delay of the retry topic that the record was read from. */
  readonly tier: string;
  readonly provenance: Provenance;
  /** Absent where the value could not be read as an event. */
  readonly event?: PaymentFinal;
  /** The last request this member has sent for the record. */
  readonly lastAttempt?: SentRequest & { readonly outcome: Outcome };
}

/** Work whose event was read, and may be sent. */
export type Sendable = Work & { readonly event: PaymentFinal };

/** What becomes of a record in the end. It is never a hold: while one lasts, nothing is decided. */
export type Ending =
  | Extract<Disposition, { kind: 'complete' | 'dead_letter' }>
  /** It waits in the topic of this tier. `notBefore` in epoch milliseconds, `reason` as in the header. */
  | { readonly kind: 'retry'; readonly tier: string; readonly notBefore: number; readonly reason: string }
  /** Its event goes on in a newer copy, so nothing has to be written. */
  | { readonly kind: 'superseded' };

/** Work that is done: all that remains is to settle the record. */
export type Finished = Work & { readonly ending: Ending };
