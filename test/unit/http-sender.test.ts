import { verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { parseSignatureHeader, signatureHeader, signedContent } from '../../src/core/signature.ts';
import { createAgent } from '../../src/http/agent.ts';
import type { KeyRing } from '../../src/http/key-ring.ts';
import { createSender, notifyPath, type Sender, type SenderSettings } from '../../src/http/sender.ts';
import { sign } from '../../src/http/signer.ts';
import { certificateFor, rsaKeyPair, type Certificate } from '../support/keys.ts';

const NOW = Date.UTC(2026, 10, 22, 10, 0, 0, 999);
const PATH = '/aps/api/v1/payments/notifyPushPayment';
const SUCCESS = Buffer.from('{"result":{"resultStatus":"S","resultCode":"SUCCESS"}}');
const BODY = Buffer.from('{"paymentId":"é 1"}');
const ours = rsaKeyPair();
const gateway = rsaKeyPair('gateway');
const active = { version: 'v.2', key: ours.privateKey };
const ring: KeyRing = {
  signing: () => ({ active, versions: [active] }),
  gateway: () => [{ name: 'gateway', key: gateway.publicKey }],
};

interface Received {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}
type Answer = (response: ServerResponse, received: Received) => void | Promise<void>;

let certificate: Certificate;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  certificate = await certificateFor(['localhost', '127.0.0.1']);
});
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** The gateway's part, played by a real server on loopback; remembers everything that reached it. */
const serve = async (answer: Answer, secure = true) => {
  const requests: Received[] = [];
  const connections = { opened: 0 };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const received = { request, body: await buffer(request) };
    requests.push(received);
    await answer(response, received);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => void handle(request, response);
  const server: Server = secure ? createServer(certificate, listener) : createHttpServer(listener);
  server.on(secure ? 'secureConnection' : 'connection', () => (connections.opened += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const url = new URL(`${secure ? 'https' : 'http'}://localhost:${String((server.address() as AddressInfo).port)}`);
  return { url, requests, connections };
};

const senderTo = (url: URL, changed: Partial<SenderSettings> = {}, keys: KeyRing = ring): Sender => {
  const ca = Buffer.from(certificate.cert);
  const sender = createSender(
    { url, clientId: 'CLIENT_1', ca, timeoutMs: 5_000, maxSockets: 8, ...changed },
    keys,
    () => NOW,
  );
  closers.push(() => {
    sender.close();
  });
  return sender;
};

const nothing = (): void => undefined;
const send = (sender: Sender, body = BODY) => sender.send(body, nothing, new AbortController().signal, 0);

/** The headers of an answer that the gateway has signed, over the path that was asked. */
const answerHeaders = async ({ request }: Received): Promise<Record<string, string>> => {
  const message = { path: request.url ?? '', clientId: 'CLIENT_1', time: '2026-11-22T10:00:01Z', body: SUCCESS };
  const signature = signatureHeader('1', await sign(message, gateway.privateKey));
  return { 'Client-Id': message.clientId, 'Response-Time': message.time, Signature: signature };
};
const signed: Answer = async (response, received) => {
  response.writeHead(200, await answerHeaders(received)).end(SUCCESS);
};

describe('a notification', () => {
  it('is one POST of exactly these bytes and these headers', async () => {
    const { url, requests } = await serve(signed);
    const { keyVersion, startedAt, durationMs } = await send(senderTo(url, { agentToken: 'AGENT' }));

    expect(requests).toHaveLength(1);
    const [{ request, body } = { request: undefined, body: undefined }] = requests;
    expect(request?.method).toBe('POST');
    expect(body).toEqual(BODY);
    expect(request?.headers).toEqual({
      host: url.host,
      connection: 'keep-alive',
      'content-type': 'application/json; charset=UTF-8',
      'content-length': String(BODY.length),
      'client-id': 'CLIENT_1',
      'agent-token': 'AGENT',
      'request-time': '2026-11-22T10:00:00Z',
      'user-agent': 'payment-notifier',
      signature: expect.stringMatching(/^algorithm=RSA256,keyVersion=v\.2,signature=[A-Za-z0-9%]+$/) as string,
    });
    expect(request?.rawHeaders).toHaveLength(18);
    expect({ keyVersion, startedAt }).toEqual({ keyVersion: 'v.2', startedAt: NOW });
    expect(durationMs).toBeGreaterThan(0);
  });

  it.each(['', '/', '/prefix', '/prefix/', '/a%20b/c//'])(
    'is signed over the path it is sent to, with prefix %j',
    async (prefix) => {
      const { url, requests } = await serve(signed);
      const { exchange } = await send(senderTo(new URL(`${url.origin}${prefix}`)));
      const path = `${prefix.replace(/\/+$/, '')}${PATH}`;
      expect(notifyPath(new URL(`${url.origin}${prefix}`))).toBe(path);
      expect(exchange).toMatchObject({ verification: 'verified' });

      const { headers, url: requested } = requests[0]?.request ?? {};
      expect(requested).toBe(path);
      const content = signedContent({ path, clientId: 'CLIENT_1', time: '2026-11-22T10:00:00Z', body: BODY });
      const signature = parseSignatureHeader(String(headers?.['signature']))?.signature ?? Buffer.alloc(0);
      expect(verify('sha256', content, ours.publicKey, signature)).toBe(true);
    },
  );

  it('takes nothing but scheme, host and path from the configured address', async () => {
    const { url, requests } = await serve(signed);
    await send(senderTo(new URL(`https://user:secret@${url.host}/p?query=1#part`)));
    expect(requests[0]?.request.url).toBe(`/p${PATH}`);
    expect(requests[0]?.request.headers.authorization).toBeUndefined();
  });

  it('goes to a loopback gateway without TLS', async () => {
    const { url } = await serve(signed, false);
    expect((await send(senderTo(url))).exchange).toMatchObject({ kind: 'response', verification: 'verified' });
  });

  it('is signed by the key that is active when it is sent', async () => {
    const { url, requests } = await serve(signed);
    let version = '1';
    const sender = senderTo(
      url,
      {},
      { ...ring, signing: () => ({ active: { ...active, version }, versions: [active] }) },
    );
    await send(sender);
    version = '2';
    expect((await send(sender)).keyVersion).toBe('2');
    const used = requests.map(({ request }) => parseSignatureHeader(String(request.headers['signature']))?.keyVersion);
    expect(used).toEqual(['1', '2']);
  });

  it('is not sent where the last check before it throws', async () => {
    const { url, requests, connections } = await serve(signed);
    const sender = senderTo(url);
    const lost = new Error('lost');
    const check = (): void => {
      throw lost;
    };
    await expect(sender.send(BODY, check, new AbortController().signal, 0)).rejects.toBe(lost);
    await send(sender);
    expect({ requests: requests.length, connections: connections.opened }).toEqual({ requests: 1, connections: 1 });
  });

  it.each(['CLIENT\n', 'é\u0100'])('cannot be made for a client id that cannot stand in a header: %j', (clientId) => {
    expect(() => senderTo(new URL('https://localhost'), { clientId })).toThrow(TypeError);
    expect(() => senderTo(new URL('https://localhost'), { agentToken: clientId })).toThrow(/^(?!.*CLIENT)/);
  });
});

describe('an answer', () => {
  it.each([200, 204, 400, 404, 413, 429, 500, 503])('with status %i is handed over as it came', async (status) => {
    const { url, requests } = await serve((response) => {
      response.writeHead(status, { 'Retry-After': '1' }).end(status === 204 ? '' : '{"a":1}');
    });
    const { exchange } = await send(senderTo(url));
    const body = Buffer.from(status === 204 ? '' : '{"a":1}');
    expect(exchange).toEqual({ kind: 'response', status, body, verification: 'missing' });
    expect(requests).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])(
    'that redirects (%i) is not followed: nothing reaches the target',
    async (status) => {
      const target = await serve(signed);
      const { url } = await serve((response) => {
        response.writeHead(status, { Location: `${target.url.origin}${PATH}` }).end();
      });
      expect((await send(senderTo(url))).exchange).toMatchObject({ kind: 'response', status });
      expect(target.connections.opened).toBe(0);
    },
  );

  it('is not unpacked: the signature covers the bytes on the wire', async () => {
    const packed = Buffer.from('1f8b08', 'hex');
    const { url } = await serve((response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(packed);
    });
    expect((await send(senderTo(url))).exchange).toMatchObject({ kind: 'response', body: packed });
  });

  it('whose signature header is repeated is invalid', async () => {
    const { url } = await serve(async (response, received) => {
      const headers = await answerHeaders(received);
      response.writeHead(200, { ...headers, Signature: ['algorithm=RSA256', headers['Signature'] ?? ''] }).end(SUCCESS);
    });
    expect((await send(senderTo(url))).exchange).toMatchObject({ verification: 'invalid' });
  });
});

describe('connections', () => {
  it('are kept and used again', async () => {
    const { url, requests, connections } = await serve(signed);
    const sender = senderTo(url);
    for (let sent = 0; sent < 3; sent += 1) await send(sender);
    expect({ requests: requests.length, connections: connections.opened }).toEqual({ requests: 3, connections: 1 });
  });

  it('are no more than allowed, and many requests may share one signal', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    const { url, connections } = await serve(signed);
    const sender = senderTo(url, { maxSockets: 3 });
    const { signal } = new AbortController();
    const all = await Promise.all(Array.from({ length: 30 }, () => sender.send(BODY, nothing, signal, 0)));
    process.off('warning', onWarning);
    expect(all.every(({ exchange }) => exchange.kind === 'response')).toBe(true);
    expect(connections.opened).toBe(3);
    expect(warnings).toEqual([]);
  });

  it('are closed when they have been idle for long', async () => {
    const { url } = await serve(signed, false);
    const agent = createAgent({ url, maxSockets: 1, idleMs: 20 });
    const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
    const { socket } = response.resume();
    await once(socket, 'close');
    expect(Object.keys({ ...agent.sockets, ...agent.freeSockets })).toEqual([]);
  });
});
