import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A way to a server that can be opened and closed; at first it is closed. */
export interface TcpProxy {
  readonly port: number;
  /** From now on connections are passed on; before, and after `close`, they are refused. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Stands before the server at this port of this machine.
 *
 * @param onEnd who closes it; by default the test that made it
 */
export async function tcpProxy(
  target: number,
  onEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  await close();
  onEnd(close);
  return {
    port,
    close,
    open: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}
