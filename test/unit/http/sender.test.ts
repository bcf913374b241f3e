import { verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';

import { describe, expect, it } from 'vitest';

import { parseSignatureHeader, signatureHeader, signedContent } from '../../../src/core/signature.ts';
import { createAgent } from '../../../src/http/agent.ts';
import type { Keys } from '../../../src/http/key-ring.ts';
import { notifyPath, type Sender, type SenderSettings } from '../../../src/http/sender.ts';
import { sign } from '../../../src/http/signer.ts';
import { rsaKeyPair } from '../../support/keys.ts';
import { loopback } from '../../support/loopback.ts';

const NOW = Date.UTC(2026, 10, 22, 10, 0, 0, 999);
const PATH = '/aps/api/v1/payments/notifyPushPayment';
const SUCCESS = Buffer.from('{"result":{"resultStatus":"S","resultCode":"SUCCESS"}}');
const BODY = Buffer.from('{"paymentId":"é 1"}');
const ours = rsaKeyPair();
const gateway = rsaKeyPair('gateway');
const active = { version: 'v.2', key: ours.privateKey };
const ring: Keys = {
  signing: () => active,
  gateway: () => [{ name: 'gateway', key: gateway.publicKey }],
};

interface Received {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}
type Answer = (response: ServerResponse, received: Received) => void | Promise<void>;

const machine = loopback();

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
  const server = secure ? createServer(machine.certificate, listener) : createHttpServer(listener);
  server.on(secure ? 'secureConnection' : 'connection', () => (connections.opened += 1));
  const { host } = await machine.listen(server);
  return { url: new URL(`${secure ? 'https' : 'http'}://${host}`), requests, connections };
};

const senderTo = (url: URL, changed: Partial<SenderSettings> = {}, keys: Keys = ring): Sender => {
  const settings = { clientId: 'CLIENT_1', agentToken: undefined, timeoutMs: 5_000, maxSockets: 8, ...changed };
  return machine.senderTo(url, settings, keys, () => NOW);
};

const nothing = (): void => undefined;
const send = (sender: Sender, keyChoice = 0) => sender.send(BODY, nothing, new AbortController().signal, keyChoice);

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

  it('is itself, however many leave at once', async () => {
    const { url, requests } = await serve(signed);
    const sender = senderTo(url);
    const bodies = Array.from({ length: 40 }, (_, number) => Buffer.from(`{"paymentId":"${'9'.repeat(number)}"}`));
    const { signal } = new AbortController();
    await Promise.all(bodies.map((body) => sender.send(body, nothing, signal, 0)));
    const received = requests.map(({ request, body }) => {
      const content = signedContent({ path: PATH, clientId: 'CLIENT_1', time: '2026-11-22T10:00:00Z', body });
      const { signature } = parseSignatureHeader(String(request.headers['signature'])) ?? {
        signature: Buffer.alloc(0),
      };
      return verify('sha256', content, ours.publicKey, signature) ? body.toString() : 'signed wrongly';
    });
    expect(received.sort()).toEqual(bodies.map(String).sort());
  });

  it('does not leave where a header of it cannot be written', async () => {
    const { url, connections } = await serve(signed);
    const sender = senderTo(url, {}, { ...ring, signing: () => ({ ...active, version: 'v\n2' }) });
    const { exchange } = await send(sender);
    expect(exchange).toEqual({ kind: 'no_response', phase: 'resolve', code: 'ERR_INVALID_CHAR' });
    expect(connections.opened).toBe(0);
  });

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

  it('is signed by the key whose turn it is when it is sent', async () => {
    const { url, requests } = await serve(signed);
    let inUse = 'a';
    const signing = (turn: number) => ({ ...active, version: `${inUse}${String(turn)}` });
    const sender = senderTo(url, {}, { ...ring, signing });
    await send(sender);
    inUse = 'b';
    expect((await send(sender, 3)).keyVersion).toBe('b3');
    const used = requests.map(({ request }) => parseSignatureHeader(String(request.headers['signature']))?.keyVersion);
    expect(used).toEqual(['a0', 'b3']);
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

  describe.each([true, false])('that may no longer leave when its connection is there (TLS: %s)', (secure) => {
    /** Says yes when it is asked first, and from then on no. */
    const once = (): (() => void) => {
      let asked = 0;
      return () => {
        if ((asked += 1) > 1) throw new Error('lost');
      };
    };

    it('does not leave on a new one', async () => {
      const { url, requests } = await serve(signed, secure);
      const sender = senderTo(url);
      await expect(sender.send(BODY, once(), new AbortController().signal, 0)).rejects.toThrow('lost');
      expect((await send(sender)).exchange.kind).toBe('response');
      expect(requests).toHaveLength(1);
    });

    it('does not leave on one that was kept', async () => {
      const { url, requests } = await serve(signed, secure);
      const sender = senderTo(url);
      await send(sender);
      await expect(sender.send(BODY, once(), new AbortController().signal, 0)).rejects.toThrow('lost');
      expect((await send(sender)).exchange.kind).toBe('response');
      expect(requests).toHaveLength(2);
    });

    it('does not leave on one that it had to wait for', async () => {
      const { url, requests } = await serve(signed, secure);
      const sender = senderTo(url, { maxSockets: 1 });
      const [first, second] = await Promise.allSettled([
        send(sender),
        sender.send(BODY, once(), new AbortController().signal, 0),
      ]);
      expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
      expect((await send(sender)).exchange.kind).toBe('response');
      expect(requests).toHaveLength(2);
    });
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

  it('are no more than allowed', async () => {
    const { url, connections } = await serve(signed);
    const sender = senderTo(url, { maxSockets: 3 });
    const all = await Promise.all(Array.from({ length: 30 }, () => send(sender)));
    expect(all.every(({ exchange }) => exchange.kind === 'response')).toBe(true);
    expect(connections.opened).toBe(3);
  });

  it('are closed when they have been idle for long', async () => {
    const { url } = await serve(signed, false);
    const agent = createAgent({ url, maxSockets: 1, idleMs: 20 });
    const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
    const { socket } = response.resume();
    await once(socket, 'close');
    expect(Object.keys({ ...agent.sockets, ...agent.freeSockets })).toEqual([]);
  });

  describe('of a server that announces how long it keeps them', () => {
    /** Whether the connection of one request was kept, and that it is closed in the end. */
    const oneRequest = async (hint: string, idleMs: number): Promise<{ kept: boolean; keptMs: number }> => {
      const { url } = await serve((response) => void response.writeHead(200, { 'Keep-Alive': hint }).end(), false);
      const agent = createAgent({ url, maxSockets: 1, idleMs });
      const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
      const { socket } = response.resume();
      const closed = once(socket, 'close');
      await once(response, 'close');
      const since = performance.now();
      await new Promise(setImmediate);
      const kept = Object.keys(agent.freeSockets).length === 1;
      await closed;
      return { kept, keptMs: performance.now() - since };
    };

    it.each(['timeout=2', 'timeout=2, max=100'])('are closed a second before that: %s', async (hint) => {
      const { kept, keptMs } = await oneRequest(hint, 20_000);
      expect(kept).toBe(true);
      expect(keptMs).toBeLessThan(2_000);
    });

    it('are not kept where that is a second', async () => {
      expect((await oneRequest('timeout=1', 20_000)).kept).toBe(false);
    });

    it('are closed after our own time where that is sooner', async () => {
      const { kept, keptMs } = await oneRequest('timeout=60', 50);
      expect(kept).toBe(true);
      expect(keptMs).toBeLessThan(2_000);
    });

    it('are not closed under a request that takes longer', async () => {
      let answers = 0;
      const { url, connections } = await serve(async (response, received) => {
        const headers = await answerHeaders(received);
        setTimeout(
          () => response.writeHead(200, { ...headers, 'Keep-Alive': 'timeout=2' }).end(SUCCESS),
          600 * answers,
        );
        answers += 2;
      });
      const sender = senderTo(url);
      for (let sent = 0; sent < 2; sent += 1) expect((await send(sender)).exchange.kind).toBe('response');
      expect(connections.opened).toBe(1);
    });
  });
});
