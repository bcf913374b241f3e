import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Asks when a request's connection is there, right before its first byte, whether it may leave. A connection takes its time,
 * above all where a process is frozen while it is made: what is written before would leave by itself when it wakes.
 *
 * @param check throws where the request may not leave; the connection is then closed, and not a byte has left
 * @param refused gets what was thrown
 */
export function beforeFirstByte(request: ClientRequest, check: () => void, refused: (error: Error) => void): void {
  request.once('socket', (socket: Socket) => {
    const mayLeave = (): boolean => {
      try {
        check();
        return true;
      } catch (error) {
        refused(error as Error);
        socket.destroy();
        return false;
      }
    };
    if (!isComing(socket)) {
      mayLeave();
      return;
    }
    socket.cork();
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      if (mayLeave()) socket.uncork();
    });
  });
}

function isComing(socket: Socket): boolean {
  return (
    socket.connecting ||
    (socket instanceof TLSSocket && (socket as { secureConnecting?: boolean }).secureConnecting === true)
  );
}
