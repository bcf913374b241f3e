import { createHash } from 'node:crypto';
import type { Disposition } from '../core/disposition.ts';
import { isPaymentId, type PaymentFinal } from '../core/event.ts';
import { copyOf } from '../core/parked-keys.ts';
import type { Outcome } from '../core/outcome.ts';
import { writeHeaders, type Provenance } from '../core/provenance.ts';
import { recordName, type KafkaRecord, type OutgoingRecord } from '../core/record.ts';
import type { ProduceTarget, SettledFact } from './facts.ts';
import type { Ports, Publish, Sent, Ownership } from './ports.ts';
import { untilDone } from './waiting.ts';

/** A record on its way through the pipeline. */
export interface Work {
  readonly record: KafkaRecord;
  readonly tier: string;
  readonly provenance: Provenance;
  /** Absent where the bytes could not be read. */
  readonly event?: PaymentFinal;
  /** The last request, where one was sent by this member. */
  readonly last?: Sent & { readonly outcome: Outcome };
}

type Verdict = Exclude<Disposition, { kind: 'hold' }>;

/** Where a record waits; a tier's delay is of no interest here. */
type Parking = Omit<Extract<Verdict, { kind: 'retry' }>, 'tier'> & { readonly tier: { readonly name: string } };

/** What can become of a record for good; a hold is no end. */
export type Final = Exclude<Verdict, { kind: 'retry' }> | Parking;

/** A key longer than this does not travel with a letter that was itself too large. */
const LARGEST_KEPT_KEY = 16_384;

/**
 * Brings a record to rest. When this returns, its retry or dead-letter record is acknowledged by all in-sync replicas
 * (a delivered record needs none), and only then may its offset be committed.
 */
export async function settle(work: Work, final: Final, ports: Ports, ownership: Ownership): Promise<void> {
  ownership.assertHeld(false);
  switch (final.kind) {
    case 'complete':
      await writeOutcome(work, 'delivered', ports, ownership);
      observeSettled(work, { verdict: 'delivered' }, ports);
      return;
    case 'retry':
      return park(work, final, ports, ownership);
    case 'dead_letter':
      return deadLetter(work, final, ports, ownership);
  }
}

async function park(
  work: Work,
  { tier, notBefore, reason }: Parking,
  ports: Ports,
  ownership: Ownership,
): Promise<void> {
  const { record } = work;
  const { topology } = ports.settings;
  const provenance = { ...work.provenance, hops: work.provenance.hops + 1, notBefore, reason };
  const parked = {
    ...moved(record, topology.retryTopic(tier.name)),
    headers: writeHeaders(record.headers, provenance),
  };
  const written = await publish('retry', work, parked, ports, ownership);
  if (written === 'too_large') {
    return deadLetter(work, { reason: 'too_large', detail: reason }, ports, ownership);
  }
  const copy = copyOf({ ...record, ...parked, ...written }, topology, provenance);
  if (copy !== undefined) ports.parkedKeys.of(record.partition).written(copy);
  observeSettled(work, { verdict: 'parked', tier: tier.name, notBefore, reason }, ports);
}

async function deadLetter(
  work: Work,
  { reason, detail }: Omit<Extract<Final, { kind: 'dead_letter' }>, 'kind'>,
  ports: Ports,
  ownership: Ownership,
): Promise<void> {
  const { record, provenance } = work;
  const { notBefore, ...history } = provenance;
  const letter: OutgoingRecord = {
    ...moved(record, ports.settings.topology.deadLetters),
    headers: writeHeaders(record.headers, { ...history, reason: detail }, { 'dead-letter-reason': reason }),
  };
  const written = reason === 'too_large' ? reason : await publish('dead_letter', work, letter, ports, ownership);
  if (written === 'too_large') await publish('dead_letter', work, withoutValue(letter, work, detail), ports, ownership);
  await writeOutcome(work, 'dead_lettered', ports, ownership);
  observeSettled(work, { verdict: 'dead_lettered', reason: written === 'too_large' ? written : reason, detail }, ports);
}

/** The same record elsewhere: key, value and partition number stay. */
function moved({ key, value, partition }: KafkaRecord, topic: string): Omit<OutgoingRecord, 'headers'> {
  return { topic, partition, key, value };
}

/** What is left of a record that fits nowhere: coordinates, payment and hash, as far as its value could be read. */
function withoutValue(letter: OutgoingRecord, { record, provenance, event }: Work, detail: string): OutgoingRecord {
  const { body, notBefore, ...history } = provenance;
  const payment = event !== undefined && isPaymentId(event.paymentId) && { paymentId: event.paymentId };
  return {
    ...letter,
    key: record.key !== null && record.key.length > LARGEST_KEPT_KEY ? null : record.key,
    value: null,
    headers: writeHeaders(
      {},
      { ...history, ...payment, reason: detail },
      {
        'dead-letter-reason': 'too_large',
        ...(record.unreadable === undefined && { 'value-sha256': sha256(record.value ?? Buffer.alloc(0)) }),
      },
    ),
  };
}

/** What a request was sent for is worth waiting for to the end of the ownership: given up, it would be sent again. */
async function publish(
  target: ProduceTarget,
  { record, last }: Work,
  outgoing: OutgoingRecord,
  ports: Ports,
  ownership: Ownership,
): ReturnType<Publish> {
  const mayWrite = (): void => {
    ownership.assertHeld(false);
  };
  return untilDone(
    () => ports.publish(target, outgoing, mayWrite),
    (error) => ports.observe({ kind: 'waiting', for: target, record, error }),
    last === undefined ? ownership.closing : ownership.ended,
  );
}

/** The auditor's record of a final verdict, where an outcomes topic is configured. */
async function writeOutcome(
  work: Work,
  verdict: 'delivered' | 'dead_lettered',
  ports: Ports,
  ownership: Ownership,
): Promise<void> {
  const topic = ports.settings.topology.outcomes;
  if (topic === undefined) return;
  const { event, last, provenance } = work;
  const { topic: originTopic, partition, offset } = provenance.origin;
  const value = {
    paymentId: event?.paymentId ?? null,
    verdict,
    resultCode: last !== undefined && 'code' in last.outcome ? last.outcome.code : null,
    attempts: provenance.attempts,
    keyVersion: last?.keyVersion ?? null,
    firstAttemptAt: isoTime(provenance.firstAttemptAt),
    settledAt: isoTime(ports.now()),
    origin: { topic: originTopic, partition, offset },
    requestSha256: provenance.body === undefined ? null : sha256(provenance.body),
    responseSha256: last?.exchange.kind === 'response' ? sha256(last.exchange.body) : null,
  };
  const key = event?.paymentId ?? recordName({ topic: originTopic, partition, offset });
  const outgoing = { topic, key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)), headers: {} };
  await publish('outcome', work, outgoing, ports, ownership);
}

function observeSettled(
  { record, tier, provenance, event }: Work,
  as: SettledFact['as'],
  { observe, now }: Ports,
): void {
  const finalAt = event?.paymentTime ?? provenance.origin.timestamp;
  observe({ kind: 'settled', tier, record, provenance, paymentId: event?.paymentId, as, finalAt, at: now() });
}

function isoTime(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
