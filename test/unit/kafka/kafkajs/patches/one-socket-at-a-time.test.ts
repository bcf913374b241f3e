import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import '../../../../../src/kafka/kafkajs/patches/one-socket-at-a-time.ts';

const require = createRequire(import.meta.url);

interface Connection {
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
  isConnected(): boolean;
  send(protocol: object): Promise<Buffer>;
}
const Connection = require('kafkajs/src/network/connection.js') as new (options: object) => Connection;
const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => object;

/** A request that any bytes answer. */
const PROTOCOL = {
  request: { apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', encode: () => Promise.resolve(new Encoder()) },
  response: { decode: (bytes: Buffer) => Promise.resolve(bytes), parse: (bytes: Buffer) => Promise.resolve(bytes) },
};

/** A connection to a broker that does this with each request; it is told how many sockets there were before. */
async function connectionTo(answer: (socket: Socket, request: Buffer, before: number) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const before = sockets.push(socket) - 1;
    socket.on('data', (request) => answer(socket, request, before)).on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const logger = { debug: () => undefined, error: () => undefined, warn: () => undefined, namespace: () => logger };
  const { port } = server.address() as AddressInfo;
  const connection = new Connection({
    ...{ host: '127.0.0.1', port, logger, requestTimeout: 2_000, connectionTimeout: 2_000 },
    socketFactory: ({ onConnect }: { onConnect: () => void }) => connect({ host: '127.0.0.1', port }, onConnect),
  });
  onTestFinished(async () => {
    await connection.disconnect();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { connection, sockets };
}

/** Length, the number of the request, and what it is answered. */
function answerTo(request: Buffer, text: string): Buffer {
  const answer = Buffer.alloc(8 + text.length);
  answer.writeInt32BE(4 + text.length);
  request.copy(answer, 4, 8, 12);
  answer.write(text, 8);
  return answer;
}

test('after an answer that was cut off, those of the next socket are understood', async () => {
  const { connection } = await connectionTo((socket, request, before) => {
    const answer = answerTo(request, 'an answer');
    if (before === 0) socket.write(answer.subarray(0, 10), () => socket.destroy());
    else socket.write(answer);
  });
  await connection.connect();
  await expect(connection.send(PROTOCOL)).rejects.toThrow('losed');
  await connection.connect();
  expect(String(await connection.send(PROTOCOL))).toBe('an answer');
});

test('who connects at the same time shares one socket', async () => {
  const { connection, sockets } = await connectionTo((socket, request) => socket.write(answerTo(request, 'yes')));
  await Promise.all([connection.connect(), connection.connect()]);
  expect(String(await connection.send(PROTOCOL))).toBe('yes');
  expect(sockets).toHaveLength(1);
});
