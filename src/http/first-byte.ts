import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Asks when a request's connection is there, right before its first byte, whether it may leave. A connection takes its time,
 * above all where a process is frozen while it is made: what is written before would leave by itself when it wakes.
 *
 * @param mayLeave where it says no, the connection is closed, and not a byte of the request has left
 */
export function beforeFirstByte(request: ClientRequest, mayLeave: () => boolean): void {
  request.once('socket', (socket: Socket) => {
    if (!isComing(socket)) {
      if (!mayLeave()) socket.destroy();
      return;
    }
    socket.cork();
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      if (mayLeave()) socket.uncork();
      else socket.destroy();
    });
  });
}

function isComing(socket: Socket): boolean {
  return (
    socket.connecting ||
    (socket instanceof TLSSocket && (socket as { secureConnecting?: boolean }).secureConnecting === true)
  );
}
