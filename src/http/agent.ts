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
 *   written to such a one is neither sent nor known not to be. The agent's own `timeout` would also concern connections
 *   in use; this one's does not, as the agent closes on it only those that are free.
 */
export function createAgent({ url, ca, maxSockets, idleMs }: AgentSettings): HttpAgent | HttpsAgent {
  const keeping = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets };
  const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const agent =
    url.protocol === 'http:'
      ? new HttpAgent(keeping)
      : new HttpsAgent({ ...keeping, rejectUnauthorized: true, secureContext: createSecureContext(trusted) });
  agent.on('free', (socket: Socket) => socket.setTimeout(idleMs));
  return agent;
}
