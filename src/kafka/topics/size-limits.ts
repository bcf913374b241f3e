import type { Admin } from 'kafkajs';
import { LARGEST_SMALL_RECORD } from '../../pipeline/moved-record.ts';
import { errorType } from '../kafkajs/errors.ts';
import { configValues } from './config-values.ts';

/**
 * What a batch in the outcomes topic may have, in bytes, as `max.message.bytes` of it. To run, nobody needs the right to look
 * at this topic's configuration: without it nothing is known.
 */
export async function outcomesLimit(admin: Admin, topic: string): Promise<Map<string, number>> {
  try {
    return await configValues(admin, [topic], 'max.message.bytes');
  } catch (error) {
    if (errorType(error) === 'TOPIC_AUTHORIZATION_FAILED') return new Map();
    throw error;
  }
}

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
