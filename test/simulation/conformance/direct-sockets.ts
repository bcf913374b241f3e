import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import type { Client, Cluster } from '../brokers/cluster.ts';
import type { ServerEnd } from '../brokers/connection.ts';

/** Connects clients with simulated brokers, with nothing between them: bytes arrive in the next round of the event loop. */
export function directSockets(cluster: Cluster, client: Client = {}): ISocketFactory {
  return ({ host, port, onConnect }) => new DirectSocket(cluster, host, port, client, onConnect) as unknown as Socket;
}

/** As much of a socket as kafkajs uses. */
class DirectSocket extends EventEmitter {
  #server: ServerEnd | undefined;
  #isOver = false;

  constructor(cluster: Cluster, host: string, port: number, client: Client, onConnect: () => void) {
    super();
    this.#soon(() => {
      const node = cluster.nodeAt(host, port);
      if (node === undefined || !cluster.isUp(node)) {
        this.destroy(new Error(`connect ECONNREFUSED ${host}:${port}`));
        return;
      }
      this.#server = cluster.accept(
        node,
        {
          write: (bytes) => this.#soon(() => this.emit('data', bytes)),
          close: () => this.#soon(() => this.#end(() => this.emit('end'))),
        },
        client,
      );
      onConnect();
    });
  }

  write(bytes: Buffer): boolean {
    const copy = Buffer.from(bytes);
    this.#soon(() => this.#server?.receive(copy));
    return true;
  }

  end(): void {
    this.#end(() => undefined);
  }

  destroy(error?: Error): this {
    this.#end(() => error !== undefined && this.emit('error', error));
    return this;
  }

  unref(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  #end(then: () => void): void {
    if (this.#isOver) return;
    this.#server?.closed();
    then();
    this.#isOver = true;
  }

  #soon(then: () => void): void {
    setImmediate(() => {
      if (!this.#isOver) then();
    });
  }
}
