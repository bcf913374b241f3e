import { closingHeaders, readProvenance, writeHeaders, type Closing } from '../../core/provenance.ts';
import type { KafkaRecord, OutgoingRecord } from '../../core/record.ts';
import type { Topology } from '../../core/topology.ts';

/** Who closes letters, and when. */
export interface Closer {
  readonly by: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly why?: string;
}

/** How a letter is sent on its way again. */
export interface Redrive extends Closer {
  readonly id: string;
  /** The first retry topic. */
  readonly topic: string;
  /** Whether the request is made anew from the event; else the bytes that were sent are sent again. */
  readonly rebuildBody: boolean;
}

/**
 * The copy that takes a letter's place: as the event stood in its source, with attempts and times begun anew. It is due at
 * once.
 */
export function redrivenCopy(
  letter: KafkaRecord,
  { id, topic, at, rebuildBody }: Redrive,
  { source }: Topology,
): OutgoingRecord {
  const { origin, paymentId, reason, body, redriveCount = 0 } = readProvenance(letter, source);
  const { key, value, partition, headers } = letter;
  const provenance = {
    ...{ origin, attempts: 0, hops: 0, notBefore: at, redriveId: id, redriveCount: redriveCount + 1 },
    ...(paymentId !== undefined && { paymentId }),
    ...(reason !== undefined && { reason }),
    ...(body !== undefined && !rebuildBody && { body }),
  };
  return { topic, partition, key, value, headers: writeHeaders(headers, provenance) };
}

/** The record that closes a letter: it stands beside it, under the same key. */
export function closingRecord(
  letter: KafkaRecord,
  as: Closing['as'],
  { by, at, why }: Closer,
  source: string,
  redriveId?: string,
): OutgoingRecord {
  const { topic, partition, offset, key } = letter;
  const { topic: from, partition: number, offset: first } = readProvenance(letter, source).origin;
  const closing: Closing = {
    ...{ partition, offset, as, by, closedAt: at, origin: { topic: from, partition: number, offset: first } },
    ...(why !== undefined && { why }),
    ...(redriveId !== undefined && { redriveId }),
  };
  return { topic, partition, key, value: null, headers: closingHeaders(closing) };
}

/** What an auditor is told of a run. */
export interface RunAccount {
  readonly id: string;
  readonly kind: 'redrive' | 'discard';
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly filter: object;
  readonly planned: number;
  readonly skipped: number;
  readonly why?: string;
}

/** The record that says of a run who began it and what for; the closing records of its letters say what it did. */
export function runRecord(account: RunAccount, topic: string): OutgoingRecord {
  return {
    topic,
    partition: 0,
    key: null,
    value: Buffer.from(JSON.stringify(account)),
    headers: { 'notifier-run': account.kind, 'notifier-redrive-id': account.id },
  };
}
