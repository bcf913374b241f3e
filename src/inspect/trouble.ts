import { errorType, isUnreachable } from '../kafka/kafkajs/errors.ts';
import { Silent } from './within.ts';

/** Why reading did not go on; the code is the protocol's name, or one of ours in lower case. */
export interface Trouble {
  readonly code: string;
  readonly detail?: string;
}

export const NO_LEADER: Trouble = { code: 'LEADER_NOT_AVAILABLE' };
export const NO_PARTITION: Trouble = { code: 'no_partition' };
export const NOTHING_GIVEN: Trouble = { code: 'nothing_given' };

/** What another try does not mend. */
const LASTING = [
  ...['TOPIC_AUTHORIZATION_FAILED', 'INVALID_TOPIC_EXCEPTION', 'OFFSET_OUT_OF_RANGE'],
  ...['no_partition', 'nothing_given', 'silent'],
];

const WORDS: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'it does not exist',
  INVALID_TOPIC_EXCEPTION: 'no topic can have this name',
  TOPIC_AUTHORIZATION_FAILED: 'this user may not read it: allow DESCRIBE and READ on TOPIC',
  LEADER_NOT_AVAILABLE: 'it has no leader: no broker that is up holds it in sync',
  OFFSET_OUT_OF_RANGE: 'records were deleted while they were to be read; ask again',
  no_partition: 'the topic has no such partition',
  nothing_given: 'its leader gives nothing of what is said to be there',
};

/** What a broker that answered badly, or not at all, means for what it leads. */
export function thrown(error: unknown, leader?: number): Trouble {
  const who = leader === undefined ? 'the brokers' : `its leader, broker ${leader},`;
  if (error instanceof Silent) return { code: 'silent', detail: `${who} gave ${error.message}` };
  if (isUnreachable(error)) return { code: 'unreachable', detail: `${who} cannot be reached` };
  const code = errorType(error) ?? 'unknown';
  return { code, detail: `${who} answered: ${error instanceof Error ? error.message : String(error)}` };
}

/** The trouble in words. */
export function inWords({ code, detail }: Trouble): string {
  return detail ?? WORDS[code] ?? code;
}

/** Whether another try is of no use. */
export function isLasting({ code }: Trouble): boolean {
  return LASTING.includes(code);
}
