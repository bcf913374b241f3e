import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../../src/core/outcome.ts';
import type { createSender } from '../../src/http/sender.ts';
import type { Random } from '../chaos/random.ts';
import { FATES, type Answer } from './fates.ts';
import type { Delays } from './delays.ts';
import type { SimulatedProcess } from './processes.ts';
import type { SimulatedTime } from './time.ts';

/** How the gateway is just now. */
export type Mood = 'well' | 'away' | 'refuses_everybody' | 'crowded';

/** A request that has reached the gateway. Times are epoch milliseconds. */
export interface SeenRequest {
  readonly seq: number;
  /** When it left, signed. */
  readonly sentAt: number;
  /** When it arrived. */
  readonly at: number;
  readonly from: SimulatedProcess;
  readonly paymentId: string;
  readonly bodySha256: string;
  /** Such as `S SUCCESS`, `reset`, `no answer`. */
  readonly answered: string;
  /** When its answer reached who had asked and still waited; absent as long as it has not. */
  heardAt?: number;
}

const CROWDED: Answer = { result: 'U REQUEST_TRAFFIC_EXCEED_LIMIT' };
const REFUSED_BY_ALL: Answer = { result: 'F INVALID_SIGNATURE' };

/** What the gateway's side of a world consists of. */
export interface GatewayParts {
  readonly time: SimulatedTime;
  /** Of a payment, as are its delays. */
  readonly random: (paymentId: string) => Random;
  readonly delays: (paymentId: string) => Delays;
  readonly tell: (request: SeenRequest) => void;
  /** Its answer was heard. */
  readonly heard: (request: SeenRequest) => void;
}

/** A request as it arrives. */
interface Arrival {
  readonly process: SimulatedProcess;
  readonly body: Buffer;
  readonly sentAt: number;
  /** Gives the answer to who has asked; tells whether it was still waited for. */
  readonly end: (exchange: Exchange) => boolean;
}

/** The gateway, in place of HTTP and of what signs for it. Each payment has its fate, by the last part of its id. */
export class SimulatedGateway {
  readonly requests: SeenRequest[] = [];
  mood: Mood = 'well';
  readonly #attempts = new Map<string, number>();
  readonly #parts: GatewayParts;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** As `createSender`, for the service of this process. */
  senderOf(process: SimulatedProcess): typeof createSender {
    return ({ timeoutMs }, keys, now) => ({
      send: async (body, beforeSend, signal, keyChoice) => {
        const { version } = keys.signing(keyChoice);
        await sleep(this.#parts.delays(paymentOf(body)).signingMs());
        beforeSend();
        const startedAt = now();
        const began = performance.now();
        const exchange = await this.#exchange(process, body, signal, timeoutMs);
        return { exchange, keyVersion: version, startedAt, durationMs: performance.now() - began };
      },
      close: () => undefined,
    });
  }

  #exchange(process: SimulatedProcess, body: Buffer, signal: AbortSignal, timeoutMs: number): Promise<Exchange> {
    const { time } = this.#parts;
    const delays = this.#parts.delays(paymentOf(body));
    const sentAt = time.now;
    return new Promise((resolve) => {
      let isWaitedFor = true;
      const end = (exchange: Exchange): boolean => {
        if (!isWaitedFor) return false;
        isWaitedFor = false;
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
        resolve(exchange);
        return true;
      };
      const abort = (): void => void end(noResponse('ABORTED'));
      const late = setTimeout(() => end(noResponse('ETIMEDOUT')), timeoutMs);
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort);
      time.after(delays.gatewayMs(), () => {
        const refuse = (): void => void end(noResponse('ECONNREFUSED', 'connect'));
        if (this.mood === 'away') time.reach(process, delays.gatewayMs(), refuse);
        else this.#receive({ process, body, sentAt, end });
      });
    });
  }

  #receive({ process, body, sentAt, end }: Arrival): void {
    const { time, tell } = this.#parts;
    const paymentId = paymentOf(body);
    const answer = this.#answer(paymentId);
    const request: SeenRequest = {
      seq: this.requests.length,
      ...{ sentAt, at: time.now },
      from: process,
      paymentId,
      bodySha256: createHash('sha256').update(body).digest('hex'),
      answered: shown(answer),
    };
    this.requests.push(request);
    tell(request);
    if (answer.isNeverSent === true) return;
    time.reach(process, (answer.delayMs ?? 0) + this.#parts.delays(paymentId).gatewayMs(), () => {
      if (!end(exchangeOf(answer))) return;
      request.heardAt = time.now;
      this.#parts.heard(request);
    });
  }

  #answer(paymentId: string): Answer {
    if (this.mood === 'refuses_everybody') return REFUSED_BY_ALL;
    if (this.mood === 'crowded' && this.#parts.random(paymentId).next() < 0.5) return CROWDED;
    const attempt = (this.#attempts.get(paymentId) ?? 0) + 1;
    this.#attempts.set(paymentId, attempt);
    const fate = FATES[paymentId.slice(paymentId.lastIndexOf('-') + 1)];
    return fate !== undefined && attempt <= fate.attempts ? fate.answer : { result: 'S SUCCESS' };
  }
}

function paymentOf(body: Buffer): string {
  return (JSON.parse(body.toString()) as { paymentId: string }).paymentId;
}

/** Only what is signed reads as a verdict. */
function shown({ result, isUnsigned, status = 200 }: Answer): string {
  return isUnsigned === true ? `unsigned ${status} ${result}` : result;
}

function noResponse(code: string, phase: 'connect' | 'await_response' = 'await_response'): Exchange {
  return { kind: 'no_response', phase, code };
}

function exchangeOf({ result, isUnsigned, status = 200 }: Answer): Exchange {
  if (result === 'reset') return noResponse('ECONNRESET');
  const [resultStatus, resultCode] = result.split(' ');
  return {
    kind: 'response',
    status,
    body: Buffer.from(JSON.stringify({ result: { resultStatus, resultCode, resultMessage: 'simulated' } })),
    verification: isUnsigned === true ? 'missing' : 'verified',
  };
}
