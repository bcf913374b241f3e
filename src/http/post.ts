import http, { type Agent, type ClientRequest } from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';

import got, { Options, type PlainResponse, type Request } from 'got';

import { noResponse, wireCode, type NoResponse } from './failure.ts';
import { beforeFirstByte } from './first-byte.ts';
import { onAbort } from './on-abort.ts';
import type { Answer } from './signer.ts';

/** Where all requests go, and what they have in common. */
export interface PostSettings {
  readonly target: URL;
  readonly agent: Agent;
  /** Milliseconds from the call to the last byte in, look-up and connection included. */
  readonly timeoutMs: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

/** An answer that has come whole. */
export interface WholeAnswer extends Answer {
  readonly kind: 'response';
  readonly status: number;
}

/**
 * Posts a body once, and follows no redirect. What goes wrong on the wire is returned, and not thrown.
 *
 * @param headers of this request alone, names and values in turn
 * @param beforeSend called when the connection is there, right before the first byte; if it throws, nothing is sent and
 *   its error is thrown
 */
export type Post = (
  body: Buffer,
  headers: readonly string[],
  beforeSend: () => void,
  signal: AbortSignal,
) => Promise<WholeAnswer | NoResponse>;

/** An answer is a few hundred bytes; one past this many is cut off unread. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Prepares once what is the same for all requests: the rest of got costs little more than the bare request. */
export function createPost({ target, agent, timeoutMs, headers: common }: PostSettings): Post {
  const { protocol, host } = target;
  const library = protocol === 'http:' ? http : https;
  const prepared = { ...urlToHttpOptions(target), method: 'POST', agent };
  const options = new Options({
    url: target,
    method: 'POST',
    isStream: true,
    timeout: { request: timeoutMs },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
  });
  // What got has there by default, all of it undefined, costs 37 µs of each request on Node 20.
  options.cacheOptions = {};

  /** got has copied the options when it returns: what belongs to one request is written over what belonged to the last. */
  const start = (body: Buffer, request: () => ClientRequest): Request => {
    options.body = body;
    options.request = request;
    return got(undefined, undefined, options) as Request;
  };

  return (body, headers, beforeSend, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        resolve(noResponse('ABORTED', undefined, target));
        return;
      }
      const stream = start(body, () => {
        const length = ['content-length', String(body.length)];
        const wire = library.request({ ...prepared, headers: ['host', host, ...common, ...headers, ...length] });
        beforeFirstByte(wire, beforeSend, (error) => {
          reject(error);
          close();
        });
        // Nobody asked for another protocol, and a connection given over to one would never end by itself.
        return wire.once('upgrade', () => {
          fail('UNREADABLE');
        });
      });
      const close = (): void => {
        forget();
        stream.destroy();
      };
      const fail = (code: string): void => {
        resolve(noResponse(code, stream.timings, target));
        close();
      };
      const forget = onAbort(signal, () => {
        fail('ABORTED');
      });
      // With Node 24 the first error may be Node's own, not one of got's: neither its times nor its class can be relied on.
      stream.on('error', (error: unknown) => {
        fail(wireCode(error));
      });
      const oversized = (): void => {
        fail('OVERSIZED');
      };
      readAnswer(stream, oversized, (answer) => {
        resolve(answer);
        // What is left of a request that was answered before it was read would keep its connection.
        if (stream.writableFinished) forget();
        else close();
      });
    });
}

function readAnswer(stream: Request, oversized: () => void, whole: (answer: WholeAnswer) => void): void {
  stream.once('response', ({ statusCode: status, headers, headersDistinct }: PlainResponse) => {
    if (Number(headers['content-length']) > MAX_ANSWER_BYTES) {
      oversized();
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) oversized();
    });
    stream.once('end', () => {
      whole({ kind: 'response', status, headers: headersDistinct, body: Buffer.concat(chunks, size) });
    });
  });
}
