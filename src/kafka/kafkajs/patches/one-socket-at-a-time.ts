import type { Socket } from 'node:net';
import { privatePart } from '../private-parts.ts';

/**
 * A connection of kafkajs outlives its sockets. It keeps what it has of an answer that was cut off, and takes the next
 * socket's for the rest of it, so that no answer is understood any more; and who sends meanwhile connects beside it.
 */
interface Connection {
  socket?: Socket;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect: (this: Connection) => Promise<boolean>;
}

/** An answer begins with its length. */
const LENGTH_BYTES = 4;

const { prototype } = privatePart('network/connection.js') as { prototype: Connection };
const { connect } = prototype;
const connecting = new WeakMap<Connection, Promise<boolean>>();

prototype.connect = function () {
  if (this.isConnected()) return connect.call(this);
  const connected = connecting.get(this) ?? connectAnew(this).finally(() => connecting.delete(this));
  connecting.set(this, connected);
  return connected;
};

/** The new socket's answers are read from their beginning, and nothing is heard of the old one any more. */
function connectAnew(connection: Connection): Promise<boolean> {
  connection.socket?.removeAllListeners().on('error', () => undefined);
  connection.socket?.destroy();
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = LENGTH_BYTES;
  return connect.call(connection);
}
