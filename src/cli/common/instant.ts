import { InvalidArgumentError } from 'commander';

const ISO_8601 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** An option's value as a time, in epoch milliseconds; a date alone begins at midnight UTC. */
export function instant(text: string): number {
  const time = ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError('write a time in ISO 8601 with its zone, such as 2026-11-22T10:00:00Z');
  }
  return time;
}
