import { SYSTEMIC_CODES } from './codes.ts';
import { shortened } from './shortened.ts';

/**
 * What was seen on the wire, without judgement. `phase` says how far a request got; `code` is the system's or the
 * library's name for what went wrong.
 */
export type Exchange =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly body: Buffer;
      /** `verified`: by any of the gateway's keys, over the raw bytes, and the answer names our client id. */
      readonly verification: 'verified' | 'missing' | 'invalid';
    }
  | {
      readonly kind: 'no_response';
      readonly phase: 'resolve' | 'connect' | 'tls' | 'send' | 'await_response' | 'read_body';
      readonly code: string;
    };

/** Why there is no trustworthy result; the closed set of `notifier_no_result_total`. */
export const NO_RESULT_REASONS = [
  'timeout',
  'connection_refused',
  'connection_reset',
  'dns',
  'tls',
  'http_status',
  'redirect',
  'unreadable',
  'oversized',
  'untrusted_response',
] as const;
export type NoResultReason = (typeof NO_RESULT_REASONS)[number];

/** The judgement of one exchange. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly code: string }
  | { readonly kind: 'rejected'; readonly code: string }
  | { readonly kind: 'systemic'; readonly code: string }
  | { readonly kind: 'unknown'; readonly code: string }
  | {
      readonly kind: 'no_result';
      readonly reason: NoResultReason;
      /** What an untrusted answer says all the same, where believing it can lose nothing. */
      readonly claims?: typeof TRAFFIC_EXCEEDED;
    };

const TRAFFIC_EXCEEDED = 'REQUEST_TRAFFIC_EXCEED_LIMIT';

/** Which failure codes concern every event; the configuration may move codes between the two kinds. */
export type SystemicCodes = ReadonlySet<string>;

/** The systemic codes after `HOLD_CODES` and `TERMINAL_CODES` have moved some. */
export function systemicCodes(hold: readonly string[] = [], terminal: readonly string[] = []): SystemicCodes {
  const codes = new Set<string>([...SYSTEMIC_CODES, ...hold]);
  for (const code of terminal) codes.delete(code);
  return codes;
}

/** Whether the gateway, or what stands before it and cannot sign, asks for fewer requests. */
export function refusesForTraffic(outcome: Outcome): boolean {
  if (outcome.kind === 'no_result') return outcome.claims === TRAFFIC_EXCEEDED;
  return outcome.kind === 'unknown' && outcome.code === TRAFFIC_EXCEEDED;
}

/**
 * Judges an exchange by the table "Judging the answer" of the protocol notes. Total: every exchange has an outcome.
 *
 * An unsigned systemic failure is believed: the gateway cannot sign when our key is what is wrong, and a hold commits
 * nothing. Anything else that is not verified is no result; that it asks for fewer requests, by its code or by HTTP's 429, is
 * told with it, for a limit on the way there is enforced by who has no key. A redirect never is one, whatever it carries.
 */
export function classify(exchange: Exchange, systemic: SystemicCodes): Outcome {
  if (exchange.kind === 'no_response') return { kind: 'no_result', reason: noResponseReason(exchange) };
  if (exchange.status >= 300 && exchange.status < 400) return { kind: 'no_result', reason: 'redirect' };

  const result = readResult(exchange.body);
  if (result === undefined) {
    const reason = exchange.status === 200 ? 'unreadable' : 'http_status';
    return exchange.status === 429
      ? { kind: 'no_result', reason, claims: TRAFFIC_EXCEEDED }
      : { kind: 'no_result', reason };
  }
  const { status, code } = result;
  if (status === 'F' && systemic.has(code) && exchange.verification !== 'invalid') return { kind: 'systemic', code };
  if (exchange.verification !== 'verified') {
    const untrusted: Outcome = { kind: 'no_result', reason: 'untrusted_response' };
    const asksForLess = status === 'U' && code === TRAFFIC_EXCEEDED && exchange.verification === 'missing';
    return asksForLess ? { ...untrusted, claims: TRAFFIC_EXCEEDED } : untrusted;
  }
  switch (status) {
    case 'S':
      return { kind: 'delivered', code };
    case 'F':
      return { kind: 'rejected', code };
    case 'U':
      return { kind: 'unknown', code };
  }
}

interface Result {
  readonly status: 'S' | 'F' | 'U';
  readonly code: string;
}

/**
 * Reads what can be meant by one thing only, even where it is not quite JSON: a payment that the gateway has confirmed
 * would otherwise be sent again and again. So a byte order mark is passed over (RFC 8259, 8.1), control characters within
 * a text, as in a `resultMessage` with a tab, are taken as spaces, and bytes that are not UTF-8 spoil only the text that
 * they stand in. An `S` needs no code: there is but one. Of a code that is longer than any the beginning is taken.
 */
function readResult(body: Buffer): Result | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(body).replace(/\p{Cc}/gu, ' '));
  } catch {
    return undefined;
  }
  const result = isObject(answer) ? answer['result'] : undefined;
  if (!isObject(result)) return undefined;
  const { resultStatus: status, resultCode: code } = result;
  if (status !== 'S' && status !== 'F' && status !== 'U') return undefined;
  if (status === 'S' && (code === undefined || code === null)) return { status, code: 'SUCCESS' };
  if (typeof code !== 'string' || code === '') return undefined;
  return { status, code: shortened(code) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

type NoResponse = Extract<Exchange, { kind: 'no_response' }>;

const REASON_OF_CODE = new Map<string, NoResultReason>(
  Object.entries({
    ETIMEDOUT: 'timeout',
    ESOCKETTIMEDOUT: 'timeout',
    OVERSIZED: 'oversized',
    UNREADABLE: 'unreadable',
    ECONNREFUSED: 'connection_refused',
    EHOSTUNREACH: 'connection_refused',
    ENETUNREACH: 'connection_refused',
    EADDRNOTAVAIL: 'connection_refused',
    ENOTFOUND: 'dns',
    EAI_AGAIN: 'dns',
    EAI_FAIL: 'dns',
    ENODATA: 'dns',
    ECONNRESET: 'connection_reset',
    EPIPE: 'connection_reset',
    EPROTO: 'tls',
  } as const),
);

/** By the code of Node or of the sender itself; a code of neither that comes up in the handshake is OpenSSL's. */
function noResponseReason({ phase, code }: NoResponse): NoResultReason {
  return REASON_OF_CODE.get(code) ?? (phase === 'tls' || /CERT|SSL|TLS/.test(code) ? 'tls' : 'connection_reset');
}
