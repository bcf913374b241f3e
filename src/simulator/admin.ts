import type { ServerResponse } from 'node:http';
import { type Profile, ProfileError, parseProfileText } from './faults.ts';
import type { RequestLog } from './request-log.ts';

/** What the administration can reach. */
export interface Administered {
  readonly log: RequestLog;
  readonly play: (profile: Profile) => void;
}

/** Everything below this path is the simulator's own and no part of the gateway. */
export const ADMIN_PREFIX = '/_simulator/';

const DEFAULT_LIMIT = 1000;

/** Answers the simulator's own resources: `requests` (GET, DELETE), `summary` (GET), `profile` (PUT). */
export function administer(
  request: { readonly method: string; readonly url: string; readonly body: Buffer },
  response: ServerResponse,
  { log, play }: Administered,
): void {
  const { pathname, searchParams } = new URL(request.url, 'https://simulator.invalid');
  switch (`${request.method} ${pathname}`) {
    case `GET ${ADMIN_PREFIX}requests`:
      listRequests(searchParams, response, log);
      return;
    case `DELETE ${ADMIN_PREFIX}requests`:
      log.clear();
      response.writeHead(204).end();
      return;
    case `GET ${ADMIN_PREFIX}summary`:
      sendJson(response, 200, log.summary());
      return;
    case `PUT ${ADMIN_PREFIX}profile`:
      swapProfile(request.body, response, play);
      return;
    default: {
      const known = ['GET requests', 'DELETE requests', 'GET summary', 'PUT profile'];
      sendJson(response, 404, { problem: `unknown; there are ${known.join(', ')} below ${ADMIN_PREFIX}` });
    }
  }
}

function listRequests(query: URLSearchParams, response: ServerResponse, log: RequestLog): void {
  const paymentId = query.get('paymentId');
  const sinceSeq = Number(query.get('sinceSeq') ?? 0);
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(sinceSeq) || !Number.isInteger(limit) || limit < 1) {
    sendJson(response, 400, { problem: 'sinceSeq and limit are whole numbers, limit from 1' });
    return;
  }
  const requests = log
    .list()
    .filter((entry) => entry.seq > sinceSeq && (paymentId === null || entry.paymentId === paymentId))
    .slice(0, limit);
  sendJson(response, 200, { requests });
}

function swapProfile(body: Buffer, response: ServerResponse, play: (profile: Profile) => void): void {
  try {
    play(parseProfileText(body.toString('utf8')));
    response.writeHead(204).end();
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    sendJson(response, 400, { problems: error.details });
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(value));
}
