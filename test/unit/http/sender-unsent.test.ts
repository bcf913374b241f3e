import dns from 'node:dns';
import { once } from 'node:events';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { Worker } from 'node:worker_threads';

import { describe, expect, it } from 'vitest';

import { classify, systemicCodes, type Exchange } from '../../../src/core/outcome.ts';
import { certificateFor } from '../../support/keys.ts';
import { loopback } from '../../support/loopback.ts';

const gateway = loopback();
const SOON_MS = 150;

/** A listening server, and all that came to it after its handshake. */
const listening = async (server: Server): Promise<{ url: URL; received: Buffer[] }> => {
  const received: Buffer[] = [];
  server.on('secureConnection', (socket: Socket) => {
    socket.on('data', (chunk: Buffer) => received.push(chunk));
  });
  return { url: await gateway.listen(server), received };
};

const sendTo = async (
  url: URL,
  { ca, timeoutMs = 20_000 }: { ca?: string; timeoutMs?: number } = {},
): Promise<Exchange> => {
  const trusted = ca === undefined ? undefined : Buffer.from(ca);
  const sender = gateway.senderTo(url, { ca: trusted, timeoutMs });
  const { exchange } = await sender.send(Buffer.from('BODY'), () => undefined, new AbortController().signal, 0);
  return exchange;
};

const expectFault = (exchange: Exchange, phase: string, code: string, reason: string): void => {
  expect(exchange).toEqual({ kind: 'no_response', phase, code });
  expect(classify(exchange, systemicCodes())).toEqual({ kind: 'no_result', reason });
};

describe('nothing is sent to', () => {
  it('a name that does not exist', async () => {
    const exchange = await sendTo(new URL('https://gateway.invalid'));
    expect(exchange).toMatchObject({
      phase: 'resolve',
      code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) as string,
    });
    expect(classify(exchange, systemicCodes())).toEqual({ kind: 'no_result', reason: 'dns' });
  });

  it('a name whose look-up is not answered', async () => {
    const { lookup } = dns;
    dns.lookup = Object.assign(() => undefined, lookup);
    gateway.atEnd(() => (dns.lookup = lookup));
    const exchange = await sendTo(new URL('https://gateway.invalid'), { timeoutMs: SOON_MS });
    expectFault(exchange, 'resolve', 'ETIMEDOUT', 'timeout');
  });

  it.each(['localhost', '127.0.0.1'])('a port of %s where nobody listens', async (host) => {
    const server = createTcpServer();
    const { url } = await listening(server);
    await new Promise((closed) => server.close(closed));
    const exchange = await sendTo(new URL(`https://${host}:${url.port}`));
    expectFault(exchange, 'connect', 'ECONNREFUSED', 'connection_refused');
  });

  it('an IPv6 address where nobody listens', async () => {
    const exchange = await sendTo(new URL('https://[::1]:1'));
    const code = expect.stringMatching(/^(ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)$/) as string;
    expect(exchange).toEqual({ kind: 'no_response', phase: 'connect', code });
  });

  it('an address that does not accept the connection', async () => {
    expectFault(await sendTo(await deafAddress(), { timeoutMs: SOON_MS }), 'connect', 'ETIMEDOUT', 'timeout');
  });

  it('a gateway that does not answer the handshake', async () => {
    const { url } = await listening(createTcpServer());
    expectFault(await sendTo(url, { timeoutMs: SOON_MS }), 'tls', 'ETIMEDOUT', 'timeout');
  });

  it('a gateway that hangs up in the handshake', async () => {
    const { url } = await listening(createTcpServer((socket) => socket.once('data', () => socket.destroy())));
    expectFault(await sendTo(url), 'tls', 'ECONNRESET', 'connection_reset');
  });

  it('a gateway that speaks no TLS', async () => {
    const answer = 'HTTP/1.1 400 Bad Request\r\n\r\n';
    const { url } = await listening(createTcpServer((socket) => socket.once('data', () => socket.end(answer))));
    const exchange = await sendTo(url);
    expect(exchange).toMatchObject({ phase: 'tls', code: expect.stringMatching(/EPROTO|SSL/) as string });
    expect(classify(exchange, systemicCodes())).toEqual({ kind: 'no_result', reason: 'tls' });
  });

  it.each([undefined, '0'])('a certificate nobody vouches for, with NODE_TLS_REJECT_UNAUTHORIZED=%s', async (value) => {
    if (value !== undefined) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = value;
    gateway.atEnd(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    const { url, received } = await listening(createServer(gateway.certificate));
    expectFault(await sendTo(url), 'tls', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'tls');
    expect(received).toEqual([]);
  });

  it('a certificate of an authority that is not configured', async () => {
    const { url, received } = await listening(createServer(await certificateFor(['localhost'], gateway.certificate)));
    expect(await sendTo(url)).toMatchObject({ phase: 'tls', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    expect(received).toEqual([]);
  });

  it('a certificate for another host', async () => {
    const other = await certificateFor(['gateway.example']);
    const { url, received } = await listening(createServer(other));
    expectFault(await sendTo(url, { ca: other.cert }), 'tls', 'ERR_TLS_CERT_ALTNAME_INVALID', 'tls');
    expect(received).toEqual([]);
  });
});

/** An address whose queue of connections is full: its thread sleeps, so the system completes two and no more. */
async function deafAddress(): Promise<URL> {
  const code = `const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(code, { eval: true });
  gateway.atEnd(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  for (let queued = 0; queued < 2; queued += 1) {
    const socket = connect(port, '127.0.0.1');
    gateway.atEnd(() => socket.destroy());
    await once(socket, 'connect');
  }
  return new URL(`https://127.0.0.1:${String(port)}`);
}
