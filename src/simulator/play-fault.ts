import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { resultBody, send, signAnswer, type Signer } from './answer.ts';
import type { FaultAnswer } from './faults.ts';
import { completeResult } from './result-page.ts';

/** The connection a fault is played on. */
export interface FaultStage {
  readonly response: ServerResponse;
  readonly signer: Signer;
  /** Where a redirect leads unless the profile says: a path that answers a well-signed `S`. */
  readonly redirectPath: string;
  /** Breaks the TCP connection with a reset. */
  readonly reset: () => void;
  /** Aborted when the connection is gone. */
  readonly signal: AbortSignal;
}

const OVERSIZED_BYTES = 2 * 1024 * 1024;
const ENDLESS = { bytes: 16 * 1024, everyMs: 5 };

/** The fault's name in the record. */
export function faultLabel(answer: FaultAnswer): string {
  if (answer.fault === 'http') return `http ${answer.status}`;
  return answer.fault === 'redirect' ? `redirect ${answer.status ?? 302}` : answer.fault;
}

/**
 * Plays a fault. Where the answer is a trap (oversized, truncated, no JSON) it is a well-signed `S` but for the fault
 * itself, so that a client which overlooks the fault would believe it.
 */
export async function playFault(answer: FaultAnswer, stage: FaultStage): Promise<void> {
  const { response, signer, signal } = stage;
  switch (answer.fault) {
    case 'no_answer':
      return;
    case 'reset_before_read':
    case 'reset_after_read':
      stage.reset();
      return;
    case 'http':
      response.writeHead(answer.status, { 'content-type': 'text/html' }).end(answer.body ?? '');
      return;
    case 'redirect':
      response.writeHead(answer.status ?? 302, { location: answer.location ?? stage.redirectPath }).end();
      return;
    case 'not_json':
      send(response, 200, await signAnswer(signer, Buffer.from('<html><body>S SUCCESS</body></html>')));
      return;
    case 'oversized':
      send(response, 200, await signAnswer(signer, successOf(answer.bytes ?? OVERSIZED_BYTES)));
      return;
    case 'truncated': {
      const { headers, body } = await signAnswer(signer, successOf(0));
      response.writeHead(200, { ...headers, 'content-length': body.length });
      response.write(body.subarray(0, body.length / 2), () => response.socket?.end());
      return;
    }
    case 'endless': {
      const { headers } = await signAnswer(signer, Buffer.alloc(0), 'none');
      response.writeHead(200, headers);
      const chunk = Buffer.alloc(answer.bytes ?? ENDLESS.bytes, ' ');
      while (!signal.aborted) {
        if (!response.write(chunk)) await once(response, 'drain', { signal });
        await pause(answer.everyMs ?? ENDLESS.everyMs, undefined, { signal });
      }
      return;
    }
    default:
      answer satisfies never;
  }
}

/** An `S SUCCESS` whose body has at least so many bytes. */
function successOf(bytes: number): Buffer {
  const plain = completeResult({ code: 'SUCCESS' });
  const padding = Math.max(0, bytes - resultBody(plain).length);
  return resultBody({ ...plain, resultMessage: plain.resultMessage + ' '.repeat(padding) });
}
