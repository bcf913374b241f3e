import { InvalidArgumentError } from 'commander';
import type { RecordId } from '../../inspect/history.ts';

/** An argument's value as a record: `<topic>:<partition>:<offset>`. */
export function place(text: string): RecordId {
  const [, topic, partition, offset] = /^([a-zA-Z0-9._-]{1,249}):(\d{1,9}):(\d{1,15})$/.exec(text) ?? [];
  if (topic === undefined) throw new InvalidArgumentError('write a record as <topic>:<partition>:<offset>');
  return { topic, partition: Number(partition), offset: Number(offset) };
}
