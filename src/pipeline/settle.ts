import type { OutgoingRecord } from '../core/record.ts';
import type { ProduceTarget, SettledFact } from './facts.ts';
import { deadLetter, deadLetterWithoutValue, retryRecord } from './moved-record.ts';
import { outcomeRecord } from './outcome-record.ts';
import { copyOf } from './parked-copy.ts';
import { LeftUnsettled, NotAllowed, type Ownership, type Ports, type Publish } from './ports.ts';
import { untilDoneFor } from './waiting.ts';
import type { Ending, Finished, Work } from './work.ts';

type Parking = Extract<Ending, { kind: 'retry' }>;
type Letter = Omit<Extract<Ending, { kind: 'dead_letter' }>, 'kind'>;

/**
 * Brings a record to rest. When this returns, its retry or dead-letter record is acknowledged by all in-sync replicas
 * (a delivered or superseded record needs none), and only then may its offset be committed.
 */
export async function settle(work: Finished, ports: Ports, ownership: Ownership): Promise<void> {
  ownership.assertHeld(false);
  const { record, provenance, ending } = work;
  switch (ending.kind) {
    case 'complete':
      await writeOutcome(work, 'delivered', ports, ownership);
      observeSettled(work, { verdict: 'delivered' }, ports);
      return;
    case 'retry':
      return park(work, ending, ports, ownership);
    case 'dead_letter':
      return bury(work, ending, ports, ownership);
    case 'superseded':
      ports.observe({ kind: 'superseded', record, provenance });
  }
}

/** Writes the record to the retry topic it has to wait in. */
async function park(work: Work, parking: Parking, ports: Ports, ownership: Ownership): Promise<void> {
  const { record } = work;
  const { topology } = ports.settings;
  const { tier, notBefore, reason } = parking;
  const provenance = { ...work.provenance, hops: work.provenance.hops + 1, notBefore, reason };
  const parked = retryRecord(record, topology.retryTopic(tier), provenance);
  const written = await publish('retry', work, parked, ports, ownership);
  if (written === 'too_large') return bury(work, { reason: 'too_large', detail: reason }, ports, ownership);
  const copy = copyOf({ ...record, ...parked, ...written }, topology, provenance);
  if (copy !== undefined) ports.parkedKeys.of(record.partition).written(copy);
  observeSettled(work, { verdict: 'parked', tier, notBefore, reason }, ports);
}

/** Writes the record to the dead letters, without its value where it is too large for them. */
async function bury(work: Work, { reason, detail }: Letter, ports: Ports, ownership: Ownership): Promise<void> {
  const { deadLetters } = ports.settings.topology;
  const write = (letter: OutgoingRecord) => publish('dead_letter', work, letter, ports, ownership);
  const isTooLarge =
    reason === 'too_large' || (await write(deadLetter(work, deadLetters, reason, detail))) === 'too_large';
  if (isTooLarge) await write(deadLetterWithoutValue(work, deadLetters, detail));
  await writeOutcome(work, 'dead_lettered', ports, ownership);
  observeSettled(work, { verdict: 'dead_lettered', reason: isTooLarge ? 'too_large' : reason, detail }, ports);
}

/** Tells auditors of a final verdict, where an outcomes topic is configured. */
async function writeOutcome(
  work: Work,
  verdict: 'delivered' | 'dead_lettered',
  ports: Ports,
  ownership: Ownership,
): Promise<void> {
  const { outcomes } = ports.settings.topology;
  if (outcomes === undefined) return;
  await publish('outcome', work, outcomeRecord(work, outcomes, verdict, ports.now()), ports, ownership);
}

/**
 * Writes until it is written. A record for which a request was sent is worth waiting for to the end of the ownership:
 * if it were given up earlier, the request would be sent again. What may not be written is given up when partitions are to
 * be handed over, since nobody can write it until somebody allows it, and any other record as well.
 */
async function publish(
  target: ProduceTarget,
  { record, lastAttempt }: Work,
  outgoing: OutgoingRecord,
  ports: Ports,
  ownership: Ownership,
): ReturnType<Publish> {
  const mayWrite = (): void => {
    ownership.assertHeld(false);
  };
  return untilDoneFor(
    record,
    'produce',
    ports.waits,
    () => ports.publish(target, outgoing, mayWrite),
    (error) => {
      ports.observe({ kind: 'waiting', for: target, record, error });
      if (error instanceof NotAllowed && ownership.closing.aborted) throw new LeftUnsettled();
    },
    lastAttempt === undefined ? ownership.closing : ownership.ended,
  );
}

function observeSettled({ record, tier, provenance, event }: Work, as: SettledFact['as'], ports: Ports): void {
  const finalAt = event?.paymentTime ?? provenance.origin.timestamp;
  ports.observe({
    kind: 'settled',
    tier,
    record,
    provenance,
    paymentId: event?.paymentId,
    as,
    finalAt,
    at: ports.now(),
  });
}
