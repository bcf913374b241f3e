import { makeBatch, placed, readHead, type NewRecord } from './batch.ts';
import type { Log, StoredBatch } from './log.ts';
import { recordsOf } from './stored-records.ts';

/** Keeps the newest record of each key, of those that nothing is undecided about; a key without a value goes altogether. */
export function compact(log: Log): void {
  const { lastStableOffset } = log;
  const decided = log.batches.filter(({ lastOffset }) => lastOffset < lastStableOffset);
  const newest = new Map<string, number>();
  for (const batch of decided) {
    if (batch.head.isControl) continue;
    for (const { key, offset } of recordsOf(batch)) if (key !== null) newest.set(key.toString('hex'), Number(offset));
  }
  log.replace(
    log.batches.flatMap((batch) =>
      decided.includes(batch) && !batch.head.isControl ? thinned(batch, newest) : [batch],
    ),
  );
}

/** The batch with what is left in it, in its place; nothing where nothing is left. */
function thinned(batch: StoredBatch, newest: ReadonlyMap<string, number>): StoredBatch[] {
  const { head, baseOffset, lastOffset, appendedAt } = batch;
  const all = recordsOf(batch);
  const kept = all.filter(
    ({ key, value, offset }) => key === null || (newest.get(key.toString('hex')) === Number(offset) && value !== null),
  );
  if (kept.length === all.length) return [batch];
  if (kept.length === 0) return [];
  const records = kept.map(({ key, value, offset, timestamp, headers = {} }): NewRecord => ({
    ...{ key, value, timestamp: Number(timestamp), delta: Number(offset) - baseOffset },
    headers: Object.entries(headers).flatMap(([name, values]) =>
      (Array.isArray(values) ? values : [values]).map((text) => [name, text] as const),
    ),
  }));
  const kind = head.isTransactional ? 'transactional' : 'plain';
  const made = makeBatch({ records, writer: head, kind, lastOffsetDelta: lastOffset - baseOffset });
  const bytes = placed(made, { offset: baseOffset, leaderEpoch: batch.bytes.readInt32BE(12) });
  return [{ head: readHead(bytes) ?? head, baseOffset, lastOffset, bytes, appendedAt }];
}
