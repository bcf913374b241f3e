import type { Copy } from '../core/copies.ts';
import { readProvenance } from '../core/provenance.ts';
import type { KafkaRecord } from '../core/record.ts';
import { notify } from './notify.ts';
import { copyOf } from './parked-copy.ts';
import type { Ownership, Ports } from './ports.ts';
import { readEvent } from './read-event.ts';
import { settle } from './settle.ts';
import { waitForTurn } from './turn.ts';
import { pauseUntil } from './waiting.ts';
import type { Finished, Sendable, Work } from './work.ts';

/**
 * The whole story of one record: wait until it is due → decode → check → wait for its turn → send → judge → settle. The
 * first steps only find out what is to become of the record; it is settled in one place. When this returns, the record
 * is settled and its offset may be committed.
 *
 * Throws `Abandoned`, with nothing settled, when the right to the partition ends. A fault of this one event is a value,
 * and decides what becomes of the record. A fault of our own infrastructure decides nothing: the record waits until it
 * is over.
 */
export async function processRecord(record: KafkaRecord, ports: Ports, ownership: Ownership): Promise<void> {
  const { topology } = ports.settings;
  const provenance = readProvenance(record, topology.source);
  const work: Work = { record, tier: topology.tierOf(record.topic), provenance };
  await untilDue(work, ports, ownership);

  const read = await readEvent(work, ports, ownership);
  const copy = copyOf(record, topology, read.provenance);
  const finished = 'ending' in read ? read : await sendInOrder(read, copy, ports, ownership);
  await settle(finished, ports, ownership);

  const step =
    record.unreadable === undefined ? { origin: provenance.origin.offset, hops: provenance.hops } : undefined;
  ports.parkedKeys.of(record.partition).settled(work.tier, record.offset, step);
}

/**
 * A parked record waits until its time has come. It was parked before it was read, so whatever the clocks of its writer,
 * of the broker and of this machine show, it waits no longer than the delay of its tier, counted from when it was read.
 */
async function untilDue({ record, tier, provenance }: Work, ports: Ports, { closing }: Ownership): Promise<void> {
  const { settings, observe, now } = ports;
  const retryTier = settings.topology.retryTierOf(record.topic);
  const { notBefore } = provenance;
  if (retryTier === undefined || notBefore === undefined) return;
  await pauseUntil({ wall: notBefore, monotonic: record.readAt + retryTier.delayMs }, now, closing);
  observe({ kind: 'due', tier, latenessMs: Math.max(0, now() - notBefore) });
}

/**
 * Sends the event, unless an earlier one of its key is parked: then it is parked behind that one, without a request.
 */
async function sendInOrder(
  work: Sendable,
  copy: Copy | undefined,
  ports: Ports,
  ownership: Ownership,
): Promise<Finished> {
  const turn = await waitForTurn(work, copy, ports, ownership);
  switch (turn.kind) {
    case 'send':
      return notify(work, ports, ownership);
    case 'behind': {
      const { tier, notBefore } = turn;
      const provenance = { ...work.provenance, waits: (work.provenance.waits ?? 0) + 1 };
      return { ...work, provenance, ending: { kind: 'retry', tier, notBefore, reason: 'behind_parked_key' } };
    }
    case 'superseded':
      return { ...work, ending: { kind: 'superseded' } };
  }
}
