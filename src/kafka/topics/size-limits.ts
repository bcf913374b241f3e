import { LARGEST_SMALL_RECORD } from '../../pipeline/moved-record.ts';

/**
 * Topics that could not take even the smallest letter, or an outcome: each record for them would stop its partition.
 *
 * @param limits `max.message.bytes` of each topic; 0 where it is not known
 * @returns a line with its remedy for each of them
 */
export function tooSmall(limits: ReadonlyMap<string, number>, topics: readonly string[]): string[] {
  return topics.flatMap((topic) => {
    const limit = limits.get(topic) ?? 0;
    if (limit === 0 || limit >= LARGEST_SMALL_RECORD) return [];
    return [
      `the topic ${topic} takes records of ${limit} bytes only: set its max.message.bytes to ` +
        `${LARGEST_SMALL_RECORD} at the very least`,
    ];
  });
}
