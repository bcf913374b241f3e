import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from 'vitest';

import { classify, systemicCodes, type Exchange } from '../../../src/core/outcome.ts';
import type { Sender } from '../../../src/http/sender.ts';
import { loopback } from '../../support/loopback.ts';
import { until } from '../../support/until.ts';

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
  ])('%s', async (_name, expected, script) => {
    const [phase = '', code = '', reason = ''] = expected.split(' ');
    expectFault(await send(senderTo(await scripted(script))), phase, code, reason);
  });

  it('another protocol, and its connection is closed', async () => {
    const closed: Promise<unknown>[] = [];
    const sender = senderTo(
      await scripted((socket) => {
        closed.push(once(socket, 'close'));
        socket.write(UPGRADE);
      }),
    );
    expectFault(await send(sender), 'await_response', 'UNREADABLE', 'unreadable');
    expect(await Promise.all(closed)).toHaveLength(1);
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

  it('to a request that is never read to its end gives the connection back', async () => {
    let answered = 0;
    const early = createServer(gateway.certificate, (socket) => {
      answered += 1;
      socket.once('data', () => socket.pause().write(OK));
    });
    const sender = senderTo(await gateway.listen(early), { maxSockets: 1 });
    const { signal } = new AbortController();
    for (let sent = 0; sent < 2; sent += 1) {
      const { exchange } = await sender.send(Buffer.alloc(32 * 1024 * 1024), () => undefined, signal, 0);
      expect(exchange).toMatchObject({ kind: 'response', status: 200 });
    }
    expect(answered).toBe(2);
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

  it('ends the reading of an answer', async () => {
    const ending = new AbortController();
    const script: Script = (socket) => {
      socket.write(`${head(4)}{}`);
      setTimeout(() => {
        ending.abort();
      }, SOON_MS);
    };
    expectFault(
      await send(senderTo(await scripted(script)), ending.signal),
      'read_body',
      'ABORTED',
      'connection_reset',
    );
  });

  it('ends all requests it was given for, also one that waits for a connection, and no other', async () => {
    const ending = new AbortController();
    let arrived = 0;
    const url = await scripted((socket) => {
      if ((arrived += 1) < 3) return;
      ending.abort();
      setTimeout(() => socket.write(OK), SOON_MS);
    });
    const sender = senderTo(url, { maxSockets: 2 });
    const ended = Promise.all([1, 2, 3].map(() => send(sender, ending.signal)));
    await until('two to arrive', () => arrived === 2);
    expect(await send(senderTo(url))).toMatchObject({ kind: 'response', status: 200 });
    // Whose signature is ready first has a connection: which of them waits is not said.
    expect((await ended).map((exchange) => JSON.stringify(exchange)).sort()).toEqual(
      ['await_response', 'await_response', 'resolve'].map((phase) =>
        JSON.stringify({ kind: 'no_response', phase, code: 'ABORTED' }),
      ),
    );
    expect(arrived).toBe(3);
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

describe('the connection is closed under a request', () => {
  it.each<[string, string, Script]>([
    ['that its signal ends', 'ABORTED', silence],
    ['that took too long', 'ETIMEDOUT', silence],
    ['whose answer was cut off', 'OVERSIZED', endless],
  ])('%s, and the next one gets another', async (_name, code, script) => {
    const ending = new AbortController();
    let requests = 0;
    const url = await scripted((socket, ofConnection) => {
      expect(ofConnection).toBe(1);
      if ((requests += 1) > 1) {
        socket.write(OK);
        return;
      }
      if (code === 'ABORTED') ending.abort();
      script(socket, ofConnection);
    });
    const sender = senderTo(url, { maxSockets: 1, timeoutMs: code === 'ETIMEDOUT' ? 1_000 : 20_000 });
    expect(await send(sender, ending.signal)).toMatchObject({ kind: 'no_response', code });
    expect(await send(sender)).toMatchObject({ kind: 'response', status: 200 });
    expect(requests).toBe(2);
  });
});

describe('nothing is kept of a request', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;

  it.each<[string, Script]>([
    ['that was answered', write(OK)],
    ['that was not', reset],
    ['whose answer was cut off', write(head(LIMIT + 1))],
    ['that took too long', silence],
  ])('%s, while its signal lives on', async (_name, script) => {
    const { signal } = new AbortController();
    const sender = senderTo(await scripted(script), { timeoutMs: 2 * SOON_MS });
    const bodies: WeakRef<Buffer>[] = [];
    const sendOne = async (): Promise<void> => {
      // Without a pool behind it, so that it is its own memory.
      const body = Buffer.from(new TextEncoder().encode('BODY').buffer);
      bodies.push(new WeakRef(body));
      await sender.send(body, () => undefined, signal, 0);
    };
    // A connection may know the request it was made for; the options that are prepared know the last one.
    for (let sent = 0; sent < 3; sent += 1) await sendOne();
    await until('the body between them to be collected', () => {
      collectGarbage();
      return bodies[1]?.deref() === undefined;
    });
    expect(signal.aborted).toBe(false);
  });
});
