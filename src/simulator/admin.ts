import type { ServerResponse } from 'node:http';
import { Misconfigured } from '../core/misconfigured.ts';
import { ProfileError, type ProfileProblem, parseProfileText } from './faults.ts';
import { CONCERNED, isConcerned, isFaultName, NAMED_FAULTS } from './named-faults.ts';
import { type Facts, factsOf, isShow, type ServiceState, SHOWN } from './page/facts.ts';
import { liveParts } from './page/live.ts';
import { PAGE_POLICY, simulatorPage } from './page/page.ts';
import type { Player } from './player.ts';
import type { RequestLog } from './request-log.ts';

/** What the administration can reach. */
export interface Administered {
  readonly log: RequestLog;
  readonly player: Player;
  /** What the service does, as far as it is known now. */
  readonly service: () => ServiceState | undefined;
}

/** Everything at and below this path is the simulator's own and no part of the gateway. */
export const ADMIN_PATH = '/_simulator';

/** Whether a request is for the simulator itself. */
export function isAdministration(url: string): boolean {
  return url.startsWith(ADMIN_PATH) && /^$|^[/?]/.test(url.slice(ADMIN_PATH.length));
}

/** A request to the simulator itself. */
export interface AdminRequest {
  readonly method: string;
  readonly url: string;
  readonly body: Buffer;
}

interface Asked extends Administered {
  readonly query: URLSearchParams;
  readonly body: string;
}

interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Methods = Readonly<Partial<Record<string, (asked: Asked) => Reply>>>;

const DEFAULT_LIMIT = 1000;
const DONE: Reply = { status: 204 };

const RESOURCES: ReadonlyMap<string, Methods> = new Map<string, Methods>([
  ['', { GET: () => ({ status: 308, headers: { location: `${ADMIN_PATH}/` } }) }],
  ['/', { GET: page }],
  ['/live', { GET: live }],
  ['/requests', { GET: listRequests, DELETE: forget }],
  ['/summary', { GET: ({ log }) => json(200, log.summary()) }],
  ['/playing', { GET: playing, PUT: playByName }],
  ['/profile', { PUT: ({ body, player }) => tried(() => player.play(parseProfileText(body))) }],
]);

/**
 * Answers the simulator's own resources, below {@link ADMIN_PATH}: the page (`/`) and the part of it that changes
 * (`live`), `requests` (GET, DELETE), `summary` (GET), `playing` (GET, PUT by name), `profile` (PUT).
 */
export function administer({ method, url, body }: AdminRequest, response: ServerResponse, to: Administered): void {
  const { pathname, searchParams: query } = new URL(url, 'https://simulator.invalid');
  const act = RESOURCES.get(pathname.slice(ADMIN_PATH.length))?.[method];
  const reply = act?.({ ...to, query, body: body.toString('utf8') });
  send(response, reply ?? json(404, { problem: `unknown; there are ${resources()}` }));
}

function resources(): string {
  return [...RESOURCES]
    .filter(([path]) => path !== '')
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${ADMIN_PATH}${path}`))
    .join(', ');
}

function page(asked: Asked): Reply {
  return markup(simulatorPage(facts(asked, { show: 'all', payment: '' }), asked.player.atHand));
}

function live(asked: Asked): Reply {
  const show = asked.query.get('show') ?? 'all';
  if (!isShow(show)) return json(400, { problem: `show: expected ${Object.keys(SHOWN).join(', ')}` });
  return markup(liveParts(facts(asked, { show, payment: asked.query.get('payment') ?? '' })).markup);
}

function facts(asked: Asked, wanted: Parameters<typeof factsOf>[2]): Facts {
  return factsOf(asked, asked.service(), wanted, performance.now());
}

function listRequests({ query, log }: Asked): Reply {
  const paymentId = query.get('paymentId');
  const sinceSeq = Number(query.get('sinceSeq') ?? 0);
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(sinceSeq) || !Number.isInteger(limit) || limit < 1) {
    return json(400, { problem: 'sinceSeq and limit are whole numbers, limit from 1' });
  }
  const wanted = log
    .list()
    .filter((entry) => entry.seq > sinceSeq && (paymentId === null || entry.paymentId === paymentId));
  return json(200, { requests: wanted.slice(0, limit) });
}

function forget({ log }: Asked): Reply {
  log.clear();
  return DONE;
}

function playing({ player }: Asked): Reply {
  const { choice, since, profile } = player.playing();
  return json(200, { choice, since, profile, atHand: player.atHand, faults: Object.keys(NAMED_FAULTS) });
}

function playByName({ query, player }: Asked): Reply {
  const [fault, concerned, profile] = [query.get('fault'), query.get('concerned') ?? 'all', query.get('profile')];
  if (profile !== null && fault === null) {
    if (!player.atHand.includes(profile)) return unknown('profile', profile, player.atHand);
    return tried(() => player.playAtHand(profile));
  }
  if (fault === null || profile !== null) {
    return json(400, { problem: 'give ?fault= and perhaps &concerned=, or ?profile=; GET shows the names' });
  }
  if (!isFaultName(fault)) return unknown('fault', fault, Object.keys(NAMED_FAULTS));
  if (!isConcerned(concerned)) return unknown('concerned', concerned, Object.keys(CONCERNED));
  player.playFault(fault, concerned);
  return DONE;
}

function unknown(what: string, name: string, known: readonly string[]): Reply {
  const remedy = known.length === 0 ? 'start the simulator with --profile FILE' : `choose one of ${known.join(', ')}`;
  return json(404, { problem: `${what}: there is no ${name}; ${remedy}` });
}

/** Plays, or says all that is wrong. */
function tried(play: () => void): Reply {
  try {
    play();
    return DONE;
  } catch (error) {
    if (!(error instanceof Misconfigured)) throw error;
    return json(400, {
      problem: 'this profile cannot be played; what was played before goes on',
      problems: detailsOf(error),
      remedy: 'correct the fields named and try again; payment-notifier simulate --help shows the format',
    });
  }
}

function detailsOf(error: Misconfigured): readonly ProfileProblem[] {
  if (error instanceof ProfileError) return error.details;
  return error.problems.map((problem) => ({ path: 'profile', problem }));
}

function markup(body: string): Reply {
  const headers = { 'content-security-policy': PAGE_POLICY, 'referrer-policy': 'no-referrer' };
  return { status: 200, type: 'text/html; charset=utf-8', headers, body };
}

function json(status: number, value: unknown): Reply {
  return { status, type: 'application/json; charset=UTF-8', body: JSON.stringify(value) };
}

function send(response: ServerResponse, { status, type, body = '', headers = {} }: Reply): void {
  response.writeHead(status, {
    ...(type !== undefined && { 'content-type': type }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}
