import { createServer, type Server } from 'node:https';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A listening HTTPS server whose connections can be reset and closed at will. */
export interface Listener {
  readonly port: number;
  /** Breaks a request's connection with a TCP reset. */
  reset(request: IncomingMessage): void;
  /** Stops listening and closes every connection, idle or not. */
  close(): Promise<void>;
}

/** Longer than any client keeps an idle connection by default, so that it is the client who lets go. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Listens with HTTP keep-alive.
 *
 * @throws where the port is taken or the address is not this machine's, with the code of the system's error.
 */
export async function listen(
  at: { readonly host: string; readonly port: number },
  tls: { readonly cert: string; readonly key: string },
  onRequest: RequestListener,
): Promise<Listener> {
  const server = createServer({ ...tls, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, onRequest);
  const connections = rawConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(at.port, at.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    reset(request) {
      const key = connectionKey(request.socket);
      (connections.get(key) ?? request.socket).resetAndDestroy();
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        for (const connection of connections.values()) connection.destroy();
        server.closeAllConnections();
      }),
  };
}

/**
 * The TCP connections below the TLS ones: a reset cannot be asked of a TLS socket, and one that is still shaking hands
 * is not known to the HTTP server.
 */
function rawConnections(server: Server): ReadonlyMap<string, Socket> {
  const connections = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const key = connectionKey(socket);
    connections.set(key, socket);
    socket.on('error', () => undefined);
    socket.once('close', () => connections.delete(key));
  });
  return connections;
}

function connectionKey({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''}:${remotePort ?? 0}`;
}
