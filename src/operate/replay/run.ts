import { setTimeout as sleep } from 'node:timers/promises';
import { scan } from '../../inspect/scan.ts';
import { recordName, type KafkaRecord } from '../../core/record.ts';
import type { GroupOffsets } from '../../kafka/kafkajs/group-offsets.ts';
import type { Reader } from '../../kafka/kafkajs/reader.ts';
import type { Extent } from './extent.ts';
import type { Known } from './left-out.ts';

/** What became of one record that was told again; `unknown` where the gateway has not said. */
export type Told =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused'; readonly code: string }
  /** It is no event that can be told: why. */
  | { readonly kind: 'unsendable'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** A bounded range that is told again, beside the service. */
export interface Replay {
  readonly reader: Reader;
  readonly source: string;
  readonly extents: readonly Extent[];
  /** What is left out. */
  readonly known: Known;
  readonly skipDelivered: boolean;
  /** Where the run has come is kept with a group of its own, under the name of the range. */
  readonly progress: GroupOffsets;
  readonly range: string;
  /** Sends one event and judges the answer. Throws `AbortError` where the signal is aborted. */
  readonly tell: (record: KafkaRecord) => Promise<Told>;
  readonly onTold: (told: Tally) => void;
  readonly signal: AbortSignal;
}

/** How many records of the range were what. */
export interface Tally {
  sent: number;
  delivered: number;
  refused: number;
  skipped: number;
}

/** How a run ended. */
export interface Ran extends Tally {
  /** Records that are not told again, and why; the first ones. */
  readonly notTold: readonly { readonly record: string; readonly why: string }[];
  /** Whether the end of the range was reached in every partition that was begun. */
  readonly complete: boolean;
}

const PIECE = 500;
const TRIES = 5;
const FIRST_PAUSE_MS = 1_000;
const SAVE_EVERY_MS = 1_000;
const MOST_NAMED = 20;

/**
 * Tells the events of the range again, partitions side by side and each in its order. An event whose result stays unknown
 * is tried five times; then its partition stops there, so that no later event of its key overtakes it.
 *
 * A run that was ended goes on where it stopped: at most the one record of each partition whose end was not kept yet is
 * told once more. Where all was told that is kept instead, so the same range can be told again.
 */
export async function replay(work: Replay): Promise<Ran> {
  const tally: Tally = { sent: 0, delivered: 0, refused: 0, skipped: 0 };
  const notTold: { record: string; why: string }[] = [];
  const before = await work.progress.committed(work.source);
  const positions = new Map<number, number>();
  for (const { partition, from, to } of work.extents) {
    const kept = before.get(partition);
    const isOurs = kept?.metadata === work.range && kept.offset >= from && kept.offset <= to;
    positions.set(partition, isOurs ? kept.offset : from);
  }
  const isOver = (): boolean => work.extents.every(({ partition, to }) => (positions.get(partition) ?? 0) >= to);
  const save = async (): Promise<void> => {
    const metadata = isOver() ? '' : work.range;
    const offsets = new Map([...positions].map(([partition, offset]) => [partition, { offset, metadata }]));
    await work.progress.commit(work.source, offsets);
  };
  await save();
  let saving = Promise.resolve();
  const timer = setInterval(() => {
    saving = saving.then(save).catch(() => undefined);
  }, SAVE_EVERY_MS);
  try {
    const ends = await Promise.all(
      work.extents.map((extent) => replayPartition(extent, work, positions, tally, notTold)),
    );
    const complete = ends.every(Boolean);
    return { ...tally, notTold: notTold.slice(0, MOST_NAMED), complete };
  } finally {
    clearInterval(timer);
    await saving;
    await save();
  }
}

/** @returns whether the end of the range was reached */
async function replayPartition(
  { partition, to }: Extent,
  work: Replay,
  positions: Map<number, number>,
  tally: Tally,
  notTold: { record: string; why: string }[],
): Promise<boolean> {
  for (let next = positions.get(partition) ?? 0; next < to; next = positions.get(partition) ?? to) {
    const end = Math.min(next + PIECE, to);
    const records = await piece(work, partition, next, end, notTold);
    if (records === undefined) return false;
    for (const record of records) {
      if (work.signal.aborted) return false;
      if (!(await once(record, work, tally, notTold))) return false;
      positions.set(partition, record.offset + 1);
      work.onTold(tally);
    }
    positions.set(partition, end);
  }
  return true;
}

/** The records between two offsets; `undefined` where they cannot be read. */
async function piece(
  { reader, source, signal }: Replay,
  partition: number,
  from: number,
  to: number,
  notTold: { record: string; why: string }[],
): Promise<KafkaRecord[] | undefined> {
  const records: KafkaRecord[] = [];
  const topics = [{ topic: source, partitions: [partition], from: { offset: from }, to: { offset: to } }];
  const unread = await scan(reader, { topics, wants: () => true, visit: (record) => records.push(record), signal });
  for (const { why } of unread) notTold.push({ record: `${source}:${partition}:${from}`, why });
  return unread.length > 0 ? undefined : records;
}

/** @returns whether the next record may follow */
async function once(
  record: KafkaRecord,
  { known, skipDelivered, tell, signal }: Replay,
  tally: Tally,
  notTold: { record: string; why: string }[],
): Promise<boolean> {
  const name = recordName(record);
  if (known.waiting.has(name) || (skipDelivered && known.delivered.has(name))) {
    tally.skipped += 1;
    return true;
  }
  for (let tries = 1; ; tries += 1) {
    const told = await tell(record);
    if (told.kind === 'unsendable') {
      tally.skipped += 1;
      notTold.push({ record: name, why: told.why });
      return true;
    }
    tally.sent += 1;
    if (told.kind === 'delivered') tally.delivered += 1;
    if (told.kind === 'delivered') return true;
    if (told.kind === 'refused') {
      tally.refused += 1;
      notTold.push({ record: name, why: `refused: ${told.code}` });
      return true;
    }
    if (tries === TRIES) {
      notTold.push({ record: name, why: `no result after ${TRIES} tries: ${told.why}` });
      return false;
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal });
  }
}
