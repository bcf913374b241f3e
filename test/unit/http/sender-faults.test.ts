import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { classify, systemicCodes, type Exchange } from '../../../src/core/outcome.ts';
import type { Sender } from '../../../src/http/sender.ts';
import { loopback } from '../../support/loopback.ts';

const gateway = loopback();
const { senderTo } = gateway;
const SOON_MS = 150;
const LIMIT = 64 * 1024;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';

/** What the gateway does with its connection once a whole request has come in; the count is of this connection. */
type Script = (socket: Socket, requests: number) => void;

const scripted = (script: Script): Promise<URL> => {
  const server = createServer(gateway.certificate, (socket) => {
    let received = '';
    let requests = 0;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (!received.endsWith('\r\n\r\nBODY')) return;
      received = '';
      requests += 1;
      script(socket, requests);
    });
  });
  return gateway.listen(server);
};

const send = async (sender: Sender, signal = new AbortController().signal): Promise<Exchange> => {
  const { exchange } = await sender.send(Buffer.from('BODY'), () => undefined, signal, 0);
  expect(inspect(exchange, { depth: 9 })).not.toMatch(/TOKEN|algorithm=/);
  return exchange;
};

const expectFault = (exchange: Exchange, phase: string, code: string, reason: string): void => {
  expect(exchange).toEqual({ kind: 'no_response', phase, code });
  expect(classify(exchange, systemicCodes())).toEqual({ kind: 'no_result', reason });
};

const head = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${String(length)}\r\n\r\n`;
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const UPGRADE = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const silence: Script = () => undefined;
const reset: Script = (socket) => socket.destroy();
const write =
  (text: string): Script =>
  (socket) =>
    void socket.write(text);
const end =
  (text: string): Script =>
  (socket) =>
    void socket.end(text);
const endless: Script = (socket) => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(`400\r\n${'x'.repeat(1024)}\r\n`));
  };
  socket.on('drain', more).write(CHUNKED);
  more();
};
const dripping: Script = (socket) => {
  socket.write(CHUNKED);
  const timer = setInterval(() => socket.write('1\r\nx\r\n'), 10);
  socket.once('close', () => {
    clearInterval(timer);
  });
};

describe('the deadline ends', () => {
  it.each<[string, string, Script]>([
    ['a request without an answer', 'await_response', silence],
    ['half an answer head', 'await_response', write('HTTP/1.1 200 OK\r\nContent-')],
    ['half an answer body', 'read_body', write(`${head(4)}{}`)],
    ['a body that never quite ends', 'read_body', dripping],
    ['interim answers only', 'await_response', write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(9))],
  ])('%s', async (_name, phase, script) => {
    expectFault(await send(senderTo(await scripted(script), { timeoutMs: SOON_MS })), phase, 'ETIMEDOUT', 'timeout');
  });

  it('a wait for a free connection, which is part of the time', async () => {
    const timeoutMs = 400;
    const sender = senderTo(await scripted(silence), { timeoutMs, maxSockets: 1 });
    const { signal } = new AbortController();
    const both = await Promise.all([1, 2].map(() => sender.send(Buffer.from('BODY'), () => undefined, signal, 0)));
    expect(both.map(({ exchange }) => exchange)).toMatchObject([{ code: 'ETIMEDOUT' }, { code: 'ETIMEDOUT' }]);
    expect(Math.max(...both.map(({ durationMs }) => durationMs))).toBeLessThan(1.8 * timeoutMs);
  });
});

describe('no response comes of', () => {
  it.each<[string, string, Script]>([
    ['a reset before the answer', 'await_response ECONNRESET connection_reset', reset],
    ['a close before the answer', 'await_response ECONNRESET connection_reset', end('')],
    ['a close within the head', 'await_response ECONNRESET connection_reset', end('HTTP/1.1 200')],
    ['a close within the body', 'read_body ECONNRESET connection_reset', end(`${head(9)}{}`)],
    ['an announced length past the limit', 'read_body OVERSIZED oversized', write(head(LIMIT + 1))],
    ['a body past the limit', 'read_body OVERSIZED oversized', end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(LIMIT + 1)}`)],
    ['an endless body', 'read_body OVERSIZED oversized', endless],
    ['something that is not HTTP', 'await_response UNREADABLE unreadable', end('SSH-2.0-OpenSSH_9.6\r\n')],
    [
      'a head past all measure',
      'await_response UNREADABLE unreadable',
      write(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(LIMIT)}`),
    ],
    ['a broken chunk', 'read_body UNREADABLE unreadable', write(`${CHUNKED}2\r\n{}\r\nzz\r\n`)],
    ['another protocol', 'await_response UNREADABLE unreadable', write(UPGRADE)],
  ])('%s', async (_name, expected, script) => {
    const [phase = '', code = '', reason = ''] = expected.split(' ');
    expectFault(await send(senderTo(await scripted(script))), phase, code, reason);
  });

  it('a kept connection that is gone, and the request is not sent again', async () => {
    const seen: number[] = [];
    const sender = senderTo(
      await scripted((socket, requests) => {
        seen.push(requests);
        if (requests === 1) socket.write(OK);
        else socket.destroy();
      }),
    );
    expect(await send(sender)).toMatchObject({ kind: 'response', status: 200 });
    expectFault(await send(sender), 'await_response', 'ECONNRESET', 'connection_reset');
    expect(seen).toEqual([1, 2]);
    expect(await send(sender)).toMatchObject({ kind: 'response' });
    expect(seen).toEqual([1, 2, 1]);
  });
});

describe('an answer', () => {
  it('of exactly the limit is read', async () => {
    const exchange = await send(senderTo(await scripted((socket) => socket.write(head(LIMIT) + 'x'.repeat(LIMIT)))));
    expect(exchange).toMatchObject({ kind: 'response', body: { length: LIMIT } });
  });
});

describe('the signal', () => {
  it('ends a request in flight', async () => {
    const ending = new AbortController();
    const sender = senderTo(
      await scripted(() => {
        ending.abort(new DOMException('over', 'TimeoutError'));
      }),
    );
    expectFault(await send(sender, ending.signal), 'await_response', 'ABORTED', 'connection_reset');
  });

  it('lets nothing out where it was given before', async () => {
    const url = await scripted(() => {
      throw new Error('reached');
    });
    expectFault(await send(senderTo(url), AbortSignal.abort()), 'resolve', 'ABORTED', 'connection_reset');
  });
});

it('closing the sender ends what is in flight', async () => {
  const sender = senderTo(
    await scripted(() => {
      sender.close();
    }),
  );
  expectFault(await send(sender), 'await_response', 'ECONNRESET', 'connection_reset');
});
