import { isIP } from 'node:net';

import { RequestError } from 'got';

import type { Exchange } from '../core/outcome.ts';

/** A request that brought no response. */
export type NoResponse = Extract<Exchange, { kind: 'no_response' }>;

/**
 * Reads what went wrong from what the HTTP library threw, and keeps none of it: its errors carry the request with all
 * its headers.
 *
 * @param cutOff the sender's own reason for having ended the request; stands instead of the error's code
 */
export function noResponse(error: unknown, target: URL, cutOff?: string): NoResponse {
  const code = cutOff ?? wireCode(error);
  return { kind: 'no_response', phase: phase(error, target, code), code };
}

/** Every timeout is `ETIMEDOUT`, everything that is not HTTP is `UNREADABLE`, the rest keeps its name. */
function wireCode(error: unknown): string {
  const code: unknown = error instanceof RequestError ? error.code : undefined;
  if (typeof code !== 'string') return 'UNKNOWN';
  if (code === 'ERR_SOCKET_CONNECTION_TIMEOUT') return 'ETIMEDOUT';
  return code.startsWith('HPE_') ? 'UNREADABLE' : code;
}

/**
 * How far the request got. A look-up that failed has a time too, so its code decides; an address needs no look-up and
 * has no time for one; a wait for a free socket counts to the first phase.
 */
function phase(error: unknown, target: URL, code: string): NoResponse['phase'] {
  const timings = error instanceof RequestError ? error.timings : undefined;
  const isAddress = isIP(target.hostname.replace(/^\[|\]$/g, '')) !== 0;
  if (LOOKUP_CODES.has(code) || (timings?.lookup === undefined && !isAddress)) return 'resolve';
  if (timings?.connect === undefined) return 'connect';
  if (target.protocol === 'https:' && timings.secureConnect === undefined) return 'tls';
  if (timings.upload === undefined) return 'send';
  return timings.response === undefined ? 'await_response' : 'read_body';
}

const LOOKUP_CODES: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']);
