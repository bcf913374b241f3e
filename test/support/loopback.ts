import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeAll } from 'vitest';
import type { Keys } from '../../src/http/key-ring.ts';
import { createSender, type Sender, type SenderSettings } from '../../src/http/sender.ts';
import { certificateFor, rsaKeyPair, type Certificate } from './keys.ts';

/** What plays the gateway for the tests of one file. */
export interface Loopback {
  /** Of every server here. */
  readonly certificate: Certificate;
  /** Runs after the test, the last one given first. */
  atEnd: (close: () => unknown) => void;
  /** Lets a server listen; after the test it is gone with all its connections. */
  listen: (server: Server) => Promise<URL>;
  /** A sender that trusts the certificate; signs with a key of its own unless others are given. */
  senderTo: (url: URL, changed?: Partial<SenderSettings>, keys?: Keys, now?: () => number) => Sender;
}

const signing = { version: '1', key: rsaKeyPair().privateKey };
const OURS: Keys = { signing: () => signing, gateway: () => [] };

/** To be called once, at the top of a test file. */
export function loopback(): Loopback {
  const closers: (() => unknown)[] = [];
  const atEnd = (close: () => unknown): void => void closers.push(close);
  let certificate: Certificate = { key: '', cert: '' };
  beforeAll(async () => {
    certificate = await certificateFor(['localhost', '127.0.0.1']);
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  return {
    get certificate() {
      return certificate;
    },
    atEnd,
    async listen(server) {
      const sockets = new Set<Socket>();
      const quietly = (socket: Socket): Socket => socket.on('error', () => undefined);
      server.on('connection', (socket: Socket) => sockets.add(quietly(socket)));
      server.on('secureConnection', quietly);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      atEnd(() => {
        server.close();
        for (const socket of sockets) socket.destroy();
      });
      return new URL(`https://localhost:${String((server.address() as AddressInfo).port)}`);
    },
    senderTo(url, changed = {}, keys = OURS, now = Date.now) {
      const ca = Buffer.from(certificate.cert);
      const settings = { url, clientId: 'CLIENT', agentToken: 'TOKEN', ca, timeoutMs: 20_000, maxSockets: 4 };
      const sender = createSender({ ...settings, ...changed }, keys, now);
      atEnd(() => sender.close());
      return sender;
    },
  };
}
