import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { afterEach, beforeEach, vi } from 'vitest';
import type { PaymentFinal } from '../../src/core/event.ts';
import type { Exchange } from '../../src/core/outcome.ts';
import type { KafkaRecord } from '../../src/core/record.ts';
import type { RetryPolicy } from '../../src/core/retry-policy.ts';
import { Topology } from '../../src/core/topology.ts';
import { Abandoned, type Ownership } from '../../src/pipeline/ports.ts';
import { virtualSleep } from './virtual-sleep.ts';

export const SOURCE = 'payment-final';

export const RETRY: RetryPolicy = {
  tiers: [
    { name: '5s', delayMs: 5_000 },
    { name: '30s', delayMs: 30_000 },
    { name: '2m', delayMs: 120_000 },
  ],
  maxAgeMs: 86_400_000,
};

/** The topics of `SOURCE` with the tiers of `RETRY`. */
export const TOPOLOGY = new Topology({ source: SOURCE, tiers: RETRY.tiers });

/** A payment that succeeded, with every field set. */
export function paymentFinal(fields: Partial<PaymentFinal> = {}): PaymentFinal {
  return {
    paymentId: 'pay-1',
    paymentRequestId: 'req-1',
    paymentTime: Date.UTC(2020, 0, 1, 3, 31, 1),
    paymentResult: { resultStatus: 'S', resultCode: 'SUCCESS', resultMessage: 'success' },
    ...fields,
  };
}

export function sourceRecord(fields: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    topic: SOURCE,
    partition: 3,
    offset: 7,
    timestamp: 1_700_000_000_000,
    readAt: performance.now(),
    key: Buffer.from('pay-1'),
    value: Buffer.from('an event'),
    headers: {},
    ...fields,
  };
}

type Answered = Extract<Exchange, { kind: 'response' }>;

/** An answer of the gateway with this result. */
export function answer(resultStatus: string, resultCode: string, fields: Partial<Answered> = {}): Answered {
  const body = Buffer.from(JSON.stringify({ result: { resultStatus, resultCode, resultMessage: 'as it is' } }));
  return { kind: 'response', status: 200, body, verification: 'verified', ...fields };
}

export function noResponse(code: string): Exchange {
  return { kind: 'no_response', phase: 'await_response', code };
}

/** An ownership that its test closes and ends by hand; `lapse` takes the lease away and leaves the rest. */
export class ScriptedOwnership implements Ownership {
  readonly #closing = new AbortController();
  readonly #lastCall = new AbortController();
  readonly #ended = new AbortController();
  #lapsed = false;

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get lastCall(): AbortSignal {
    return this.#lastCall.signal;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  close(): void {
    this.#closing.abort();
  }

  callLast(): void {
    this.close();
    this.#lastCall.abort();
  }

  end(): void {
    this.callLast();
    this.#ended.abort();
  }

  lapse(lapsed: boolean): void {
    this.#lapsed = lapsed;
  }

  assertHeld(sending: boolean): void {
    if (this.ended.aborted || (sending && (this.closing.aborted || this.#lapsed))) throw new Abandoned();
  }

  async confirmed(): Promise<void> {
    this.assertHeld(false);
    while (this.#lapsed) {
      await soon();
      this.assertHeld(false);
    }
  }
}

/** A promise settled by hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export function deferred<T>(): Deferred<T> {
  const parts: Partial<Pick<Deferred<T>, 'resolve' | 'reject'>> = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return { promise, ...(parts as Pick<Deferred<T>, 'resolve' | 'reject'>) };
}

/** Lets everything happen that needs no time to pass. */
export async function soon(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Lets this much time pass, in which every timer fires in its order. */
export async function pass(ms: number): Promise<void> {
  await soon();
  await vi.advanceTimersByTimeAsync(ms);
  await soon();
}

/** In this file time stands still but for `pass`; the timers of `node:timers/promises` included. */
export function useVirtualTime(startMs = Date.UTC(2026, 10, 22, 10)): void {
  const real = timers.setTimeout;
  beforeEach(() => {
    vi.useFakeTimers({
      now: startMs,
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    });
    Object.assign(timers, { setTimeout: virtualSleep });
    syncBuiltinESMExports();
  });
  afterEach(() => {
    vi.useRealTimers();
    Object.assign(timers, { setTimeout: real });
    syncBuiltinESMExports();
  });
}
