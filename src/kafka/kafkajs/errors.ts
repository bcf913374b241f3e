/** The `errorType` of a topic, or a partition of it, that a broker does not know. */
export const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/** The protocol's name for what went wrong, however often kafkajs has wrapped it; `undefined` where there is none. */
export function errorType(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  const [first] = 'errors' in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  return errorType(first) ?? errorType(error.cause);
}

/** Why a coordinator does not let this member into the group. */
export function refusalOf(error: unknown): 'taken' | 'forbidden' {
  return errorType(error) === 'GROUP_AUTHORIZATION_FAILED' ? 'forbidden' : 'taken';
}

/** Nobody answered in time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The code of a connection that was ended because nobody answered in time. */
export const GIVEN_UP = 'GIVEN_UP';

/** Whether a request was given up by us: the broker may still hear of it, and do it, behind requests that came later. */
export function isGivenUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'KafkaJSRequestTimeoutError' || ('code' in error && error.code === GIVEN_UP)) return true;
  return isGivenUp(error.cause);
}

const UNREACHABLE = [
  'NoAnswer',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
];

/** Whether a broker could not be reached, however often kafkajs has wrapped that; it says nothing of what was asked. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return UNREACHABLE.includes(error.name) || isUnreachable(error.cause);
}

/** Whether the coordinator says that this member's generation has passed: it must give up what it holds. */
export function isGenerationOver(error: unknown): boolean {
  return ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'].includes(errorType(error) ?? '');
}

const ELSEWHERE = ['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE'];

/** Whether the broker asked does not coordinate the group, or cannot be reached: another may do it by now. */
export function isCoordinatorGone(error: unknown): boolean {
  return ELSEWHERE.includes(errorType(error) ?? '') || isUnreachable(error);
}
