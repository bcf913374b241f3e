import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Expose, Exposition } from './exposition.ts';
import { statusPage } from './status-page.ts';
import type { Status } from './status.ts';

/** What a probe looked at, by name. */
export type Checks = Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;

/** What the server answers from. The checks answer at once and ask nothing remote. */
export interface AdminServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly checks: { live(): Checks; ready(): Checks; started(): Checks };
  readonly metrics: Expose;
  readonly status: () => Promise<Status>;
}

/** A server that listens. */
export interface AdminServer {
  readonly port: number;
  /** Ends every connection. */
  close(): Promise<void>;
}

type Route = (request: IncomingMessage) => Answer | Promise<Answer>;

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Serves `/livez`, `/readyz`, `/startupz` (200 or 503, every check named), `/metrics`, and `/status` as JSON, or as a page
 * where a browser asks; 404 for anything else, 405 for other methods than GET and HEAD. Throws where the address cannot be listened on, with the setting to change.
 */
export async function startAdminServer({
  host,
  port,
  checks,
  metrics,
  status,
}: AdminServerOptions): Promise<AdminServer> {
  const routes = new Map<string, Route>([
    ['/livez', () => probe(checks.live())],
    ['/readyz', () => probe(checks.ready())],
    ['/startupz', () => probe(checks.started())],
    ['/metrics', async ({ headers }) => exposition(await metrics(headers.accept))],
    ['/status', async ({ headers }) => shown(await status(), headers.accept)],
  ]);
  const server = createServer((request, response) => {
    answer(request, routes)
      .catch(() => plainText(500, 'failed'))
      .then((given) => send(given, response))
      .catch(() => response.destroy());
  });
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, routes: ReadonlyMap<string, Route>): Promise<Answer> {
  const { method, url = '/' } = request;
  const route = routes.get(url.split('?', 1)[0] ?? url);
  if (route === undefined) return plainText(404, `not found; there is ${[...routes.keys()].join(', ')}`);
  if (method !== 'GET' && method !== 'HEAD') {
    return { ...plainText(405, 'method not allowed'), headers: { allow: 'GET, HEAD' } };
  }
  return route(request);
}

function probe(checks: Checks): Answer {
  const ok = Object.values(checks).every((check) => check.ok);
  const body = JSON.stringify({ status: ok ? 'ok' : 'failing', checks });
  return { status: ok ? 200 : 503, contentType: 'application/json', body: `${body}\n` };
}

function exposition({ contentType, text }: Exposition): Answer {
  return { status: 200, contentType, body: text };
}

/** The page loads nothing and runs nothing, whatever may have got into it. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'";

function shown(status: Status, accept = ''): Answer {
  const vary = { vary: 'accept' };
  if (!accept.includes('text/html')) {
    return { status: 200, contentType: 'application/json', body: `${JSON.stringify(status)}\n`, headers: vary };
  }
  const headers = { ...vary, 'content-security-policy': PAGE_POLICY };
  return { status: 200, contentType: 'text/html; charset=utf-8', body: statusPage(status), headers };
}

function plainText(status: number, text: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function send({ status, contentType, body, headers = {} }: Answer, response: ServerResponse): void {
  response.writeHead(status, {
    ...headers,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(listenProblem(error.code ?? error.message, host, port)));
    });
    server.listen(port, host, resolve);
  });
}

function listenProblem(code: string, host: string, port: number): string {
  const where = `${host}:${String(port)}`;
  if (code === 'EADDRINUSE') return `HTTP_PORT: ${where} is in use; set HTTP_PORT to a free port, or 0 for any`;
  if (code === 'EACCES') return `HTTP_PORT: ${where} is not permitted; set HTTP_PORT to a port above 1023`;
  return `HTTP_HOST: cannot listen on ${where} (${code}); set HTTP_HOST to an address of this machine, such as 0.0.0.0`;
}
