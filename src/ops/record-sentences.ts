import { recordName, type KafkaRecord } from '../core/record.ts';
import { shortened } from '../core/shortened.ts';
import type { AttemptFact, SettledFact } from '../pipeline/facts.ts';
import { cut } from './error-fields.ts';
import type { FactHandlers } from './fact-handlers.ts';
import { outcomeLabel } from './labels.ts';
import { LOG_EVENTS, type FieldsOf, type Tell } from './log-table.ts';

type OfOneRecord = 'attempt' | 'settled' | 'superseded' | 'outcome_unwritten' | 'undecodable' | 'unlisted_payment_code';

/** What is worth saying of one record. */
export function recordSentences(tell: Tell): Pick<FactHandlers, OfOneRecord> {
  return {
    attempt: (fact) => tell('attempt', 'info', undefined, attemptFields(fact)),
    settled: (fact) => {
      const { as } = fact;
      if (as.verdict === 'dead_lettered') tellDeadLetter(fact, as, tell);
      else if (as.verdict === 'parked' && as.reason === 'behind_parked_key') tellWaiting(fact, as, tell);
    },
    superseded: ({ record, provenance: { origin, hops } }) => {
      const fields = { ...traceField(record), record: recordName(record), origin: recordName(origin), hops };
      tell('superseded', 'info', 'passed over: the event goes on in a newer copy', fields);
    },
    outcome_unwritten: ({ record, outcome: { origin, ...told } }) => {
      const { remedy } = LOG_EVENTS.outcome_unwritten;
      const fields = { ...traceField(record), ...told, origin: recordName(origin), remedy };
      const message = 'committed without its outcome: this line is what the outcomes topic lacks';
      tell('outcome_unwritten', 'error', message, fields);
    },
    undecodable: ({ record, error, detail }) => {
      const fields = { ...traceField(record), record: recordName(record), error, detail: cut(detail) };
      tell('undecodable', 'debug', 'a record is no event', fields);
    },
    unlisted_payment_code: ({ record, paymentId, code }) => {
      const fields = { ...traceField(record), paymentId, code };
      tell('unlisted_payment_code', 'debug', 'a payment failed with an unlisted code', fields);
    },
  };
}

/** The trace that a record belongs to, where it names one. */
export function traceField({ trace }: Pick<KafkaRecord, 'trace'>): { readonly traceId?: string } {
  return trace === undefined ? {} : { traceId: trace.traceId };
}

/** The one line an auditor asks for. */
function attemptFields(fact: AttemptFact): FieldsOf<'attempt'> {
  const { record, provenance, outcome, exchange, disposition } = fact;
  return {
    ...traceField(record),
    paymentId: fact.paymentId,
    tier: fact.tier,
    record: recordName(record),
    origin: recordName(provenance.origin),
    attempt: fact.attempt,
    hops: provenance.hops,
    outcome: outcomeLabel(outcome),
    ...(outcome.kind === 'no_result' ? { reason: outcome.reason } : { resultCode: outcome.code }),
    ...(exchange.kind === 'response'
      ? { httpStatus: exchange.status, verification: exchange.verification }
      : { phase: exchange.phase, code: exchange.code }),
    disposition: disposition.kind,
    ...(disposition.kind === 'retry'
      ? { retryTier: disposition.tier.name, notBefore: new Date(disposition.notBefore).toISOString() }
      : {}),
    keyVersion: fact.keyVersion,
    startedAt: new Date(fact.startedAt).toISOString(),
    durationMs: Math.round(fact.durationMs),
  };
}

function tellDeadLetter(fact: SettledFact, as: Extract<SettledFact['as'], { verdict: 'dead_lettered' }>, tell: Tell) {
  const { record, provenance, paymentId, tier } = fact;
  tell('dead_letter', 'warn', 'a record became a dead letter', {
    ...traceField(record),
    ...(paymentId === undefined ? {} : { paymentId: shortened(paymentId) }),
    tier,
    record: recordName(record),
    origin: recordName(provenance.origin),
    reason: as.reason,
    detail: cut(as.detail),
    attempts: provenance.attempts,
    hops: provenance.hops,
  });
}

/** There is no attempt to tell of, and yet the payment is on its way. */
function tellWaiting(fact: SettledFact, as: Extract<SettledFact['as'], { verdict: 'parked' }>, tell: Tell) {
  const { record, paymentId } = fact;
  const notBefore = new Date(as.notBefore).toISOString();
  const fields = { ...traceField(record), paymentId, record: recordName(record), waitsIn: as.tier, notBefore };
  tell('behind_parked_key', 'info', 'waits behind an earlier event of its key', fields);
}
