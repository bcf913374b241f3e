import type { DeadLetterReason, Disposition } from '../core/disposition.ts';
import type { Exchange, Outcome } from '../core/outcome.ts';
import type { Provenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';

/** Why bytes could not be read as an event; `kind` of `notifier_decode_errors_total`. */
export const DECODE_ERRORS = ['magic', 'schema_not_found', 'bytes', 'schema_mismatch', 'tombstone'] as const;
export type DecodeError = (typeof DECODE_ERRORS)[number];

/** What kind of topic a record is written to. */
export type ProduceTarget = 'retry' | 'dead_letter' | 'outcome';

/** One request and its judgement: everything an auditor may ask about it, and nothing secret. */
export interface AttemptFact {
  readonly kind: 'attempt';
  readonly tier: string;
  readonly record: KafkaRecord;
  /** As it was before this attempt. */
  readonly provenance: Provenance;
  readonly paymentId: string;
  /** 1 for the first request of this event. */
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly exchange: Exchange;
  readonly disposition: Disposition;
  readonly keyVersion: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** A record is settled: its offset may be committed. */
export interface SettledFact {
  readonly kind: 'settled';
  readonly tier: string;
  readonly record: KafkaRecord;
  /** As it was before this settlement. */
  readonly provenance: Provenance;
  readonly paymentId: string | undefined;
  readonly as:
    | { readonly verdict: 'delivered' }
    /** `tier` is where the record waits, `notBefore` in epoch milliseconds, `reason` as in the header. */
    | { readonly verdict: 'parked'; readonly tier: string; readonly notBefore: number; readonly reason: string }
    /** `detail` is a result code, a decode error or an invalid field. */
    | { readonly verdict: 'dead_lettered'; readonly reason: DeadLetterReason; readonly detail: string };
  /** When the payment became final: the event's own time, or its record's where it names none. Epoch milliseconds. */
  readonly finalAt: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A final verdict, as the outcomes topic tells it. */
export interface FinalOutcome {
  /** Its beginning only, where it is too long to be a payment's id; `null` where the event could not be read. */
  readonly paymentId: string | null;
  readonly verdict: 'delivered' | 'dead_lettered';
  /** `null` unless it is a dead letter. */
  readonly deadLetterReason: DeadLetterReason | null;
  /** Of the last attempt, `null` where there was none or it had no trustworthy result. */
  readonly resultCode: string | null;
  readonly attempts: number;
  readonly keyVersion: string | null;
  /** ISO 8601, as is `settledAt`. */
  readonly firstAttemptAt: string | null;
  readonly settledAt: string;
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number };
  /** In hexadecimal, as is that of the response. */
  readonly requestSha256: string | null;
  readonly responseSha256: string | null;
}

/** What happens in the service. Metrics and log are made from these facts, and nothing else depends on them. */
export type Fact =
  | AttemptFact
  | SettledFact
  | { readonly kind: 'consumed'; readonly tier: string; readonly count: number }
  /** A parked record has waited long enough; its time was `latenessMs` ago. */
  | { readonly kind: 'due'; readonly tier: string; readonly latenessMs: number }
  /** The event of this record goes on in a newer copy, so the record is settled without a request. */
  | { readonly kind: 'superseded'; readonly record: KafkaRecord; readonly provenance: Provenance }
  /** Partitions are handed over, and the outcomes topic has not taken a verdict yet: its record is committed without. */
  | { readonly kind: 'outcome_unwritten'; readonly record: KafkaRecord; readonly outcome: FinalOutcome }
  | { readonly kind: 'undecodable'; readonly record: KafkaRecord; readonly error: DecodeError; readonly detail: string }
  | {
      readonly kind: 'unlisted_payment_code';
      readonly record: KafkaRecord;
      readonly paymentId: string;
      readonly code: string;
    }
  /**
   * The registry or the brokers do not answer as they should, or too much is parked: the lane waits and tries again.
   */
  | {
      readonly kind: 'waiting';
      readonly for: 'registry' | 'parked' | 'open_transaction' | ProduceTarget;
      readonly record: Pick<KafkaRecord, 'topic' | 'partition' | 'offset' | 'trace'>;
      readonly error: unknown;
    }
  /** `trace` is that of the record that began it. */
  | ({ readonly kind: 'hold_began'; readonly reason: string; readonly paymentId: string } & Pick<KafkaRecord, 'trace'>)
  | { readonly kind: 'hold_probed'; readonly reason: string; readonly ended: boolean; readonly nextProbeInMs: number }
  | { readonly kind: 'hold_ended'; readonly reason: string; readonly heldMs: number }
  /** Whether refusals for the traffic slow down sending now, and to how many requests. */
  | { readonly kind: 'pace'; readonly limited: boolean; readonly perSecond: number }
  | {
      readonly kind: 'joined';
      readonly generation: number;
      readonly partitions: Readonly<Record<string, readonly number[]>>;
    }
  | { readonly kind: 'left'; readonly clean: boolean; readonly drainedMs: number }
  /** What is parked in newly assigned partitions was read, so that no later event overtakes it. */
  | { readonly kind: 'fence_read'; readonly records: number; readonly tookMs: number }
  /** Source partitions that are not read because a retry or dead-letter topic lacks their number. */
  | { readonly kind: 'unserved'; readonly partitions: readonly number[] }
  /** Topics that were deleted; an empty list once all are there again. */
  | {
      readonly kind: 'topics_missing';
      readonly topics: readonly { readonly topic: string; readonly role: 'source' | 'retry' | 'dead_letter' }[];
    }
  /** A retry topic was deleted with events that waited in it. */
  | {
      readonly kind: 'parked_lost';
      readonly topic: string;
      readonly origins: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];
    }
  /** The broker has deleted records that were never read. */
  | {
      readonly kind: 'expired';
      readonly topic: string;
      readonly partition: number;
      readonly committed: number;
      readonly earliest: number;
    }
  /** A batch was changed on its way from its writer: its partition waits at this offset and asks for it again. */
  | {
      readonly kind: 'corrupt';
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      readonly detail: string;
    }
  /** A redrive has left the transaction open that begins at this record: it was killed, or is too slow. */
  | {
      readonly kind: 'redrive_left_open';
      readonly result: 'ended' | 'forbidden' | 'failed';
      readonly record: Pick<KafkaRecord, 'topic' | 'partition' | 'offset'>;
      readonly transactionalId: string;
      readonly error?: unknown;
    }
  | { readonly kind: 'committed'; readonly offsets: readonly { topic: string; partition: number; offset: number }[] }
  | { readonly kind: 'commit_failed'; readonly error: unknown }
  /** This member has joined, but could not ask the brokers where to begin; it tries again. */
  | { readonly kind: 'join_failed'; readonly error: unknown }
  /** The group does not let this member in: something else uses it, or the user may not. The member tries again. */
  | {
      readonly kind: 'join_refused';
      readonly group: string;
      readonly reason: 'taken' | 'forbidden' | 'other_source';
      readonly error: unknown;
    }
  /** This member ends without having left its group, which waits for it until the session timeout. */
  | { readonly kind: 'not_left'; readonly error: unknown }
  | { readonly kind: 'key_reloaded'; readonly result: 'ok' | 'rejected' | 'fallback'; readonly detail: string }
  /** What injected instrumentation was found to have patched at the start; nothing, as it should be. */
  | { readonly kind: 'instrumented'; readonly patched: readonly Patched[] };

/** An instrumentation, by OpenTelemetry's name for it: `kafkajs` writes into records, `http` into requests. */
export type Patched = 'kafkajs' | 'http';
