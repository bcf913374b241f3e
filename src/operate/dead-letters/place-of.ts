import type { RecordId } from '../../inspect/history.ts';

/** The coordinates in a record's name. Throws for a text that names none. */
export function placeOf(record: string): RecordId {
  const [, topic, partition, offset] = /^(.+):(\d+):(\d+)$/.exec(record) ?? [];
  if (topic === undefined) throw new Error(`${record} names no record`);
  return { topic, partition: Number(partition), offset: Number(offset) };
}
