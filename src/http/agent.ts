import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, rootCertificates } from 'node:tls';

/** How connections to the gateway are made and kept. */
export interface AgentSettings {
  readonly url: URL;
  /** PEM; trusted besides the public certificate authorities. */
  readonly ca?: Buffer | undefined;
  readonly maxSockets: number;
  /** Milliseconds after which a connection without a request is closed. */
  readonly idleMs: number;
}

/**
 * Keeps connections alive between requests, at most `maxSockets`.
 *
 * - Certificates are always checked: said here, the environment cannot switch it off.
 * - The trusted certificates are parsed once, not for every connection.
 * - Idle connections are closed here before the other side, or something between, drops them silently: a request
 *   written to such a one is neither sent nor known not to be. That is after `idleMs`, or a second before the time that
 *   the last answer announced (`Keep-Alive: timeout=`), whichever is sooner.
 * - All connections lead to the same place, so they share a short name; Node would put one together for each request.
 */
export function createAgent({ url, ca, maxSockets, idleMs }: AgentSettings): HttpAgent | HttpsAgent {
  const keeping = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets };
  const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const agent =
    url.protocol === 'http:'
      ? new HttpAgent(keeping)
      : new HttpsAgent({ ...keeping, rejectUnauthorized: true, secureContext: createSecureContext(trusted) });
  agent.getName = () => url.host;
  return closingIdle(agent, idleMs);
}

/**
 * Node's agent heeds the announced time only where it is below its own option `timeout`, which would also concern
 * connections in use. So it has that option only while it decides on a connection that has just become free; when the
 * time is over it closes none but free ones.
 */
function closingIdle<A extends HttpAgent>(agent: A, idleMs: number): A {
  const deciding = Object.create(agent, { options: { value: { timeout: idleMs } } }) as A;
  const decide: (socket: Socket) => unknown = agent.keepSocketAlive.bind(deciding);
  agent.keepSocketAlive = (socket: Socket) => {
    // Counted from now: what is left of the last time would else go on.
    socket.setTimeout(0);
    return decide(socket);
  };
  return agent;
}
