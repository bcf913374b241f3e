import type { SettledFact } from './facts.ts';
import { lettersOf, retryRecord } from './moved-record.ts';
import { outcomeOf, outcomeRecord, type Verdict } from './outcome-record.ts';
import { copyOf } from './parked-copy.ts';
import type { Ownership, Ports } from './ports.ts';
import { unlessClosing } from './waiting.ts';
import type { Ending, Finished, Work } from './work.ts';
import { write, writeAnyhow, writeLargest, type Writing } from './write.ts';

type Parking = Extract<Ending, { kind: 'retry' }>;
type Burial = Omit<Extract<Ending, { kind: 'dead_letter' }>, 'kind'>;

/**
 * Brings a record to rest. When this returns, its retry or dead-letter record is acknowledged by all in-sync replicas
 * (a delivered or superseded record needs none), and only then may its offset be committed. A process that was frozen
 * writes nothing when it wakes, until it has heard that the partition is still its own: the next owner would take what it
 * writes for news.
 */
export async function settle(work: Finished, ports: Ports, ownership: Ownership): Promise<void> {
  await ownership.confirmed();
  const { record, provenance, ending } = work;
  switch (ending.kind) {
    case 'complete':
      await tellOutcome(work, { verdict: 'delivered' }, ports, ownership);
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
  const written = await write(parked, moving('retry', work, ports, ownership));
  if (written === 'too_large') return bury(work, { reason: 'too_large', detail: reason }, ports, ownership);
  const copy = copyOf({ ...record, ...parked, ...written }, topology, provenance);
  // Whoever reads the topic from now on finds it there.
  if (copy !== undefined && !ownership.ended.aborted) ports.parkedKeys.of(record.partition).written(copy);
  observeSettled(work, { verdict: 'parked', tier, notBefore, reason }, ports);
}

/** Writes the record to the dead letters, or as much of it as they take. */
async function bury(work: Work, { reason, detail }: Burial, ports: Ports, ownership: Ownership): Promise<void> {
  const letters = lettersOf(work, ports.settings.topology.deadLetters, reason, detail);
  const letter = await writeLargest(letters, moving('dead_letter', work, ports, ownership));
  const ending = { verdict: 'dead_lettered', reason: letter.reason } as const;
  await tellOutcome(work, ending, ports, ownership);
  observeSettled(work, { ...ending, detail }, ports);
}

/**
 * A record for which a request was sent is worth waiting for to the end of the ownership: if it were given up earlier, the
 * request would be sent again. Any other record is given up as soon as partitions are to be handed over.
 */
function moving(target: 'retry' | 'dead_letter', work: Work, ports: Ports, ownership: Ownership): Writing {
  const until = work.lastAttempt === undefined ? ownership.closing : ownership.ended;
  return { target, work, ports, ownership, until };
}

/**
 * Tells auditors of a final verdict, where an outcomes topic is configured. The verdict stands whether they are told or not:
 * so that it is not brought about again, what is not told when partitions are handed over goes to the log.
 */
async function tellOutcome(work: Work, ending: Verdict, ports: Ports, ownership: Ownership): Promise<void> {
  const { outcomes } = ports.settings.topology;
  if (outcomes === undefined) return;
  const until = ownership.lastCall;
  const outcome = outcomeOf(work, ending, ports.now());
  const writing = writeAnyhow(outcomeRecord(outcome, outcomes), { target: 'outcome', work, ports, ownership, until });
  try {
    await unlessClosing(writing, until);
  } catch {
    ownership.assertHeld(false);
    ports.observe({ kind: 'outcome_unwritten', record: work.record, outcome });
  }
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
