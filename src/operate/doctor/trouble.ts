import { errorType } from '../../kafka/kafkajs/errors.ts';
import { brokerRemedy } from '../../kafka/kafkajs/remedies.ts';

/** What keeps us from something: nobody is there, somebody is and lets us not in, or it is not what it should be. */
export type Obstacle = 'cannot reach' | 'not allowed' | 'wrong';

/** An obstacle in words, and what to do about it. */
export interface Trouble {
  readonly finding: string;
  readonly remedy: string;
}

const NOT_ALLOWED = /^SASL|[Aa]uthentication failed|[Aa]uthorization|not authorized|alert.*certificate required/;
const CANNOT_REACH =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|Connection timeout|no answer|timed out/;

/** What a broker that does not serve us means. */
export function brokerTrouble(error: unknown): Trouble {
  const message = words(error);
  return { finding: `${obstacle(message)}: ${message}`, remedy: brokerRemedy(new Error(message)) };
}

function obstacle(message: string): Obstacle {
  if (NOT_ALLOWED.test(message)) return 'not allowed';
  return CANNOT_REACH.test(message) ? 'cannot reach' : 'wrong';
}

/** What an error says; what wraps others says what the innermost of its causes does. */
export function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first] = 'errors' in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  const inner = error.cause ?? first;
  if (inner instanceof Error) return words(inner);
  return error.message === '' ? error.name : error.message;
}

/** Whether a broker has refused something for want of a right. */
export function isForbidden(error: unknown): boolean {
  return errorType(error)?.endsWith('AUTHORIZATION_FAILED') ?? false;
}
