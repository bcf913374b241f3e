import { validateHeaderValue } from 'node:http';

import type { Exchange } from '../core/outcome.ts';
import { requestTime, signatureHeader } from '../core/signature.ts';
import type { Send } from '../pipeline/ports.ts';
import { createAgent } from './agent.ts';
import type { Keys } from './key-ring.ts';
import { createPost, type WholeAnswer } from './post.ts';
import { sign, verifyAnswer } from './signer.ts';

/** Where and as whom to send. */
export interface SenderSettings {
  /** The gateway, with the path prefix it may have; a trailing slash changes nothing. */
  readonly url: URL;
  readonly clientId: string;
  readonly agentToken?: string | undefined;
  /** PEM; trusted besides the public certificate authorities. */
  readonly ca?: Buffer | undefined;
  /** Milliseconds from the signed request to the last byte in, look-up and connection included. */
  readonly timeoutMs: number;
  /** Connections at once; a request that waits for one spends its own time. */
  readonly maxSockets: number;
}

/** Sends notifications until it is closed. */
export interface Sender {
  readonly send: Send;
  /** Closes all connections; a request in flight ends as one without a response. */
  close(): void;
}

/** The interface's path behind the gateway's prefix: what is requested, and what a signature covers on both ways. */
export function notifyPath(gateway: URL): string {
  return `${gateway.pathname.replace(/\/+$/, '')}/aps/api/v1/payments/notifyPushPayment`;
}

/** The address that is requested; what else the gateway's URL may hold stays out of it. */
export function notifyUrl(gateway: URL): URL {
  return new URL(`${gateway.origin}${notifyPath(gateway)}`);
}

/** Well below the idle limits usual on load balancers (60 s and more). */
const IDLE_MS = 30_000;

/**
 * Makes the sender: one signed POST a call, never repeated and never redirected, whatever comes of it.
 *
 * @param now epoch milliseconds
 * @throws TypeError where the client id or the agent token cannot stand in a header
 */
export function createSender(settings: SenderSettings, ring: Keys, now: () => number): Sender {
  const { url, clientId, agentToken, ca, timeoutMs, maxSockets } = settings;
  validateHeaderValue('Client-Id', clientId);
  validateHeaderValue('Agent-Token', agentToken ?? '');
  const path = notifyPath(url);
  const agent = createAgent({ url, ca, maxSockets, idleMs: IDLE_MS });
  const token = agentToken === undefined ? [] : ['agent-token', agentToken];
  const post = createPost({
    target: notifyUrl(url),
    agent,
    timeoutMs,
    headers: [
      ...['content-type', 'application/json; charset=UTF-8', 'client-id', clientId],
      ...token,
      ...['user-agent', 'payment-notifier'],
    ],
  });

  const verified = (answer: WholeAnswer): Exchange => {
    const { kind, status, body } = answer;
    return { kind, status, body, verification: verifyAnswer(answer, { path, clientId }, ring.gateway()) };
  };

  const send: Send = async (body, beforeSend, signal, keyChoice) => {
    const { version, key } = ring.signing(keyChoice);
    const time = requestTime(now());
    const signature = await sign({ path, clientId, time, body }, key);
    beforeSend();
    const startedAt = now();
    const began = performance.now();
    const headers = ['request-time', time, 'signature', signatureHeader(version, signature)];
    const seen = await post(body, headers, beforeSend, signal);
    const exchange = seen.kind === 'no_response' ? seen : verified(seen);
    return { exchange, keyVersion: version, startedAt, durationMs: performance.now() - began };
  };

  return {
    send,
    close: () => {
      agent.destroy();
    },
  };
}
