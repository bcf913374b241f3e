import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { TLSSocket } from 'node:tls';
import got, { RequestError } from 'got';
import type { SenderSettings } from './sender.ts';
import { createAgent } from './agent.ts';
import { noResponse, wireCode, type NoResponse } from './failure.ts';

/** What a gateway shows of itself to somebody who asks it for nothing. */
export interface GatewayAnswer {
  readonly kind: 'answered';
  readonly status: number;
  /** The time by its clock, to the second, and by ours in the middle of the exchange. Epoch milliseconds. */
  readonly date: number | undefined;
  readonly at: number;
  readonly certificate: { readonly subject: string; readonly from: number; readonly to: number } | undefined;
}

/** What came of looking. */
export type GatewayLook = GatewayAnswer | NoResponse;

/**
 * Looks at the gateway without telling it of any payment: one HEAD request for the root of its address, without a body,
 * client id, token or signature, over a connection made as the sender makes it.
 *
 * @param now epoch milliseconds
 */
export async function lookAtGateway(
  { url, ca, timeoutMs }: Pick<SenderSettings, 'url' | 'ca' | 'timeoutMs'>,
  now: () => number,
  signal: AbortSignal,
): Promise<GatewayLook> {
  const agent = createAgent({ url, ca, maxSockets: 1, idleMs: timeoutMs });
  const target = new URL('/', url);
  let certificate: GatewayAnswer['certificate'];
  const began = now();
  try {
    const request = got.head(target, {
      agent: agent instanceof HttpsAgent ? { https: agent } : { http: agent },
      timeout: { request: timeoutMs },
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      headers: { 'User-Agent': 'payment-notifier' },
      signal,
    });
    void request.on('request', (wire: ClientRequest) => {
      wire.once('response', ({ socket }: IncomingMessage) => (certificate = certificateOf(socket)));
    });
    const { statusCode: status, headers } = await request;
    const date = Date.parse(headers.date ?? '');
    const at = (began + now()) / 2;
    return { kind: 'answered', status, date: Number.isNaN(date) ? undefined : date, at, certificate };
  } catch (error) {
    const timings = error instanceof RequestError ? error.timings : undefined;
    return noResponse(wireCode(error), timings, target);
  } finally {
    agent.destroy();
  }
}

function certificateOf(socket: unknown): GatewayAnswer['certificate'] {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject, valid_from: from, valid_to: to } = socket.getPeerCertificate();
  const name = [subject.CN].flat().join(', ');
  return { subject: `CN=${name}`, from: Date.parse(from), to: Date.parse(to) };
}
