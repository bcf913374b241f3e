import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { resultBody, send, signAnswer, type Signer, type Signing } from './answer.ts';
import type { Answer } from './faults.ts';
import { faultLabel, playFault } from './play-fault.ts';
import type { OpenRequest, ReceivedRequest } from './request-log.ts';
import { completeResult, type Result } from './result-page.ts';

/** The reply to one request, and the request's entry in the log. */
export interface Reply {
  readonly response: ServerResponse;
  /** Takes over the entry of the request, and tells it from now on what becomes of it. */
  enter(request: OpenRequest): void;
  /** Answers as the profile says, after the base latency and the answer's own delay. */
  answer(answer: Answer, baseDelayMs: number): Promise<void>;
  /** Answers with a result at once. */
  result(result: Result, signing: Signing, label: string): Promise<void>;
}

/** What a reply needs of the gateway. */
export interface ReplyContext {
  readonly signer: Signer;
  readonly redirectPath: string;
  readonly reset: () => void;
  readonly onAnswer: (entry: ReceivedRequest) => void;
}

/** Prepares a reply. The entry it is given is settled when the answer is out or the connection is gone. */
export function openReply(response: ServerResponse, context: ReplyContext): Reply {
  const { signer, redirectPath, reset, onAnswer } = context;
  const gone = new AbortController();
  let request: OpenRequest | undefined;

  response.once('finish', () => request?.sent());
  const announce = (label: string): void => {
    if (request === undefined) return;
    request.answer(label);
    onAnswer(request.entry);
  };

  const leave = (): void => {
    if (request?.entry.answered === 'pending') announce('client_left');
    request?.settle();
  };
  response.once('close', () => {
    gone.abort();
    leave();
  });

  const result = async (given: Result, signing: Signing, label: string, status = 200): Promise<void> => {
    const answer = await signAnswer(signer, resultBody(given), signing);
    if (gone.signal.aborted) return;
    announce(label);
    send(response, status, answer);
  };

  return {
    response,
    enter(given) {
      request = given;
      if (gone.signal.aborted) leave();
    },
    async answer(answer, baseDelayMs) {
      const delayMs = baseDelayMs + (answer.delayMs ?? 0);
      if (delayMs > 0) await pause(delayMs, undefined, { signal: gone.signal });
      if (gone.signal.aborted) return;
      if (answer.fault === undefined) {
        const { sign = 'good', status } = answer;
        const given = completeResult(answer);
        const label = `${given.resultStatus} ${given.resultCode}${sign === 'good' ? '' : ` ${sign}`}`;
        await result(given, sign, label, status);
        return;
      }
      announce(faultLabel(answer));
      await playFault(answer, { response, signer, redirectPath, reset, signal: gone.signal });
    },
    result: (given, signing, label) => result(given, signing, label),
  };
}
