import { validateHeaderValue, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';

import got, { CancelError, type Progress } from 'got';

import type { Exchange } from '../core/outcome.ts';
import { requestTime, signatureHeader } from '../core/signature.ts';
import type { Send } from '../pipeline/ports.ts';
import { createAgent } from './agent.ts';
import { noResponse } from './failure.ts';
import { beforeFirstByte } from './first-byte.ts';
import type { Keys } from './key-ring.ts';
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

/** An answer is a few hundred bytes; one past this many is cut off unread. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Well below the idle limits usual on load balancers (60 s and more). */
const IDLE_MS = 30_000;

/**
 * Makes the sender: one signed POST a call, never repeated and never redirected, whatever comes of it. Each listens to
 * its signal while it is in flight; who shares a signal among many lifts its limit of listeners.
 *
 * @param now epoch milliseconds
 * @throws TypeError where the client id or the agent token cannot stand in a header
 */
export function createSender(settings: SenderSettings, ring: Keys, now: () => number): Sender {
  const { url, clientId, agentToken, ca, timeoutMs, maxSockets } = settings;
  validateHeaderValue('Client-Id', clientId);
  validateHeaderValue('Agent-Token', agentToken ?? '');
  const path = notifyPath(url);
  const target = notifyUrl(url);
  const agent = createAgent({ url, ca, maxSockets, idleMs: IDLE_MS });
  const client = got.extend({
    method: 'POST',
    agent: agent instanceof HttpsAgent ? { https: agent } : { http: agent },
    timeout: { request: timeoutMs },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    responseType: 'buffer',
    resolveBodyOnly: false,
    headers: {
      'Content-Type': 'application/json; charset=UTF-8',
      'Client-Id': clientId,
      ...(agentToken === undefined ? {} : { 'Agent-Token': agentToken }),
      'User-Agent': 'payment-notifier',
    },
  });

  const post = async (
    body: Buffer,
    headers: Record<string, string>,
    beforeSend: () => void,
    signal: AbortSignal,
  ): Promise<Exchange> => {
    if (signal.aborted) return noResponse(undefined, target, 'ABORTED');
    let cutOff: string | undefined;
    let refused: { readonly error: unknown } | undefined;
    const request = client(target, { headers, body });
    const end = (code: string) => {
      cutOff ??= code;
      request.cancel();
    };
    const abort = () => {
      end('ABORTED');
    };
    void request.on('downloadProgress', ({ transferred, total = 0 }: Progress) => {
      if (Math.max(transferred, total) > MAX_ANSWER_BYTES) end('OVERSIZED');
    });
    void request.on('request', (wire: ClientRequest) => {
      beforeFirstByte(wire, () => {
        try {
          beforeSend();
        } catch (error) {
          refused = { error };
          end('ABORTED');
        }
        return refused === undefined;
      });
      // Nobody asked for another protocol, and a connection given over to one would never end by itself.
      wire.once('upgrade', (_answer: IncomingMessage, socket: Duplex) => {
        socket.destroy();
        end('UNREADABLE');
      });
    });
    signal.addEventListener('abort', abort);
    let response: Awaited<typeof request>;
    try {
      response = await request;
    } catch (error) {
      if (refused !== undefined) throw refused.error;
      return noResponse(error, target, error instanceof CancelError ? cutOff : undefined);
    } finally {
      signal.removeEventListener('abort', abort);
    }
    const { statusCode: status, headersDistinct, rawBody } = response;
    const answer = { headers: headersDistinct, body: rawBody };
    return {
      kind: 'response',
      status,
      body: rawBody,
      verification: verifyAnswer(answer, { path, clientId }, ring.gateway()),
    };
  };

  const send: Send = async (body, beforeSend, signal, keyChoice) => {
    const { version, key } = ring.signing(keyChoice);
    const time = requestTime(now());
    const signature = await sign({ path, clientId, time, body }, key);
    beforeSend();
    const startedAt = now();
    const began = performance.now();
    const headers = { 'Request-Time': time, Signature: signatureHeader(version, signature) };
    const exchange = await post(body, headers, beforeSend, signal);
    return { exchange, keyVersion: version, startedAt, durationMs: performance.now() - began };
  };

  return {
    send,
    close: () => {
      agent.destroy();
    },
  };
}
