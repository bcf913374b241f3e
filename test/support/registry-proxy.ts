import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the registry does with every request: its work, one answer, nothing at all, or to close the connection. */
export type RegistryMood = 'works' | 'hangs' | 'drops' | { readonly status: number; readonly body?: string };

/** The registry as the service sees it. */
export interface RegistryProxy {
  /** As in `SCHEMA_REGISTRY_URL`. */
  readonly url: string;
  mood: RegistryMood;
  /** `user:password` to ask for; anybody else gets 401. */
  credentials: string | undefined;
  /** Requests so far. */
  readonly asked: number;
  /** Closes every connection, answered or not, and stops listening. */
  readonly stop: () => void;
}

/** Stands before a registry until it is stopped. @param target as in `SCHEMA_REGISTRY_URL` */
export async function startRegistryProxy(target: string): Promise<RegistryProxy> {
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const state = {
    mood: 'works' as RegistryMood,
    credentials: undefined as string | undefined,
    asked: 0,
    url: '',
    stop,
  };
  const server = createServer((incoming, outgoing) => {
    state.asked += 1;
    const { mood, credentials } = state;
    if (mood === 'hangs') return;
    if (mood === 'drops') {
      incoming.socket.destroy();
      return;
    }
    const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    const refused = expected !== undefined && incoming.headers.authorization !== expected;
    if (refused || mood !== 'works') {
      const { status, body = '{}' } = mood === 'works' ? { status: 401 } : mood;
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(body);
      return;
    }
    const { host: _host, ...headers } = incoming.headers;
    const onward = request(`${new URL(target).origin}${incoming.url ?? ''}`, { method: incoming.method, headers });
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  state.url = `http://127.0.0.1:${String(port)}${new URL(target).pathname}`;
  return state;
}
