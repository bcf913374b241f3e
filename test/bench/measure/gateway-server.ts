import { createPrivateKey, sign } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/**
 * The gateway of the bench, a process of its own. So that it costs little beside who is measured, it confirms every
 * request without checking it, and signs once a second what it answers to all requests of that second: the signature
 * covers path, client id, time and body, and these are the same for all of them. Who verifies it has the usual work.
 */
export type GatewayOrder =
  | {
      readonly kind: 'listen';
      readonly key: string;
      readonly cert: string;
      readonly signingKey: string;
      readonly clientId: string;
    }
  /** From now on answers take so long; counts begin anew, and where `remember` is true each payment's time is kept. */
  | { readonly kind: 'begin'; readonly delayMs: number; readonly remember: boolean }
  | { readonly kind: 'count' }
  | { readonly kind: 'arrivals' };

/** What it says to each of them. */
export interface GatewaySays {
  readonly listen: { readonly port: number };
  readonly begin: { readonly begun: true };
  /** Requests by the first part of their path, which says whose they are. */
  readonly count: { readonly requests: Readonly<Record<string, number>> };
  /** When each payment's first request came, in milliseconds of the machine's monotonic clock. */
  readonly arrivals: { readonly arrivals: readonly (readonly [paymentId: string, atMs: number])[] };
}

const BODY = Buffer.from('{"result":{"resultStatus":"S","resultCode":"SUCCESS","resultMessage":"success"}}');
const KEEP_ALIVE_MS = 75_000;

let delayMs = 0;
let arrivals: Map<string, number> | undefined;
const requests = new Map<string, number>();
const signed = new Map<string, { readonly second: number; readonly headers: Readonly<Record<string, string>> }>();

function headersFor(
  path: string,
  clientId: string,
  signingKey: ReturnType<typeof createPrivateKey>,
): Readonly<Record<string, string>> {
  const second = Math.floor(Date.now() / 1_000);
  const known = signed.get(path);
  if (known?.second === second) return known.headers;
  const time = `${new Date(second * 1_000).toISOString().slice(0, 19)}Z`;
  const content = Buffer.concat([Buffer.from(`POST ${path}\n${clientId}.${time}.`), BODY]);
  const signature = encodeURIComponent(sign('sha256', content, signingKey).toString('base64'));
  const headers = {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': String(BODY.length),
    'client-id': clientId,
    'response-time': time,
    signature: `algorithm=RSA256,keyVersion=1,signature=${signature}`,
  };
  signed.set(path, { second, headers });
  return headers;
}

async function listen(order: Extract<GatewayOrder, { kind: 'listen' }>): Promise<number> {
  const signingKey = createPrivateKey(order.signingKey);
  const answer = (path: string, response: ServerResponse): void => {
    response.writeHead(200, headersFor(path, order.clientId, signingKey)).end(BODY);
  };
  const { key, cert } = order;
  const server = createServer({ key, cert, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
    const atMs = nowMs();
    const { url = '' } = request;
    const [, whose = ''] = url.split('/', 2);
    requests.set(whose, (requests.get(whose) ?? 0) + 1);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (arrivals !== undefined) remember(arrivals, chunks, atMs);
      if (delayMs === 0) answer(url, response);
      else setTimeout(answer, delayMs, url, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function remember(into: Map<string, number>, chunks: readonly Buffer[], atMs: number): void {
  const { paymentId } = JSON.parse(Buffer.concat(chunks).toString()) as { paymentId: string };
  if (!into.has(paymentId)) into.set(paymentId, atMs);
}

/** One clock for all processes of this machine. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

async function obey(order: GatewayOrder): Promise<GatewaySays[GatewayOrder['kind']]> {
  switch (order.kind) {
    case 'listen':
      return { port: await listen(order) };
    case 'begin':
      delayMs = order.delayMs;
      arrivals = order.remember ? new Map() : undefined;
      requests.clear();
      return { begun: true };
    case 'count':
      return { requests: Object.fromEntries(requests) };
    case 'arrivals':
      return { arrivals: [...(arrivals ?? [])] };
  }
}

process.on('message', (order: GatewayOrder) => void obey(order).then((said) => process.send?.(said)));
process.on('disconnect', () => process.exit());
