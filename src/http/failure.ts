import { isIP } from 'node:net';

import type { RequestError } from 'got';

import type { Exchange } from '../core/outcome.ts';

/** A request that brought no response. */
export type NoResponse = Extract<Exchange, { kind: 'no_response' }>;

/** When a request reached which point, as the HTTP library notes it. */
export type Timings = RequestError['timings'];

/** A request that came to nothing, for this reason, after it had got as far as its times tell. */
export function noResponse(code: string, timings: Timings, target: URL): NoResponse {
  return { kind: 'no_response', phase: phase(timings, target, code), code };
}

/**
 * What went wrong, from what was thrown, and nothing else of it: the HTTP library's errors carry the request with all its
 * headers. Every timeout is `ETIMEDOUT`, everything that is not HTTP is `UNREADABLE`, the rest keeps its name.
 */
export function wireCode(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return 'UNKNOWN';
  if (code === 'ERR_SOCKET_CONNECTION_TIMEOUT') return 'ETIMEDOUT';
  return code.startsWith('HPE_') ? 'UNREADABLE' : code;
}

/**
 * How far the request got. A look-up that failed has a time too, so its code decides; an address needs no look-up and
 * has no time for one; a wait for a free socket counts to the first phase.
 */
function phase(timings: Timings, target: URL, code: string): NoResponse['phase'] {
  const isAddress = isIP(target.hostname.replace(/^\[|\]$/g, '')) !== 0;
  if (LOOKUP_CODES.has(code) || (timings?.lookup === undefined && !isAddress)) return 'resolve';
  if (timings?.connect === undefined) return 'connect';
  if (target.protocol === 'https:' && timings.secureConnect === undefined) return 'tls';
  if (timings.upload === undefined) return 'send';
  return timings.response === undefined ? 'await_response' : 'read_body';
}

const LOOKUP_CODES: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']);
