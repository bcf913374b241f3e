import { setTimeout as sleep } from 'node:timers/promises';
import {
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type HrTime,
} from '@opentelemetry/api';
import { recordName, type KafkaRecord } from '../core/record.ts';
import type { AttemptFact } from '../pipeline/facts.ts';
import type { Observe } from '../pipeline/ports.ts';
import { outcomeLabel } from './labels.ts';

/** What spans say beside their attempt. */
export interface SpansOptions {
  /** Of this package. */
  readonly version: string;
  readonly groupId: string;
  /** Where requests go, in full. */
  readonly target: URL;
  /** Told of what the SDK throws; nothing else comes of it. */
  readonly onFailure: (error: unknown) => void;
}

/** Makes attempts into spans. */
export interface Spans {
  readonly observe: Observe;
  /** Has the SDK export what it holds back, for a second at most. */
  flush(): Promise<void>;
}

const NAME = 'payment-notifier';
const FLUSHED_WITHIN_MS = 1_000;

/**
 * Gives every attempt to the OpenTelemetry SDK of this process as a span: a child of the span in which its record was
 * written, or the root of a trace of its own where the record names none. It is made once the attempt is over, so nothing
 * of it can get into the request.
 *
 * @returns `undefined` where no SDK was loaded before: then nothing is made of an attempt
 */
export function createSpans({ version, onFailure, ...options }: SpansOptions): Spans | undefined {
  const provider: unknown = trace.getTracerProvider();
  const registered = trace.getTracerProvider();
  const tracer =
    registered instanceof ProxyTracerProvider
      ? registered.getDelegateTracer(NAME, version)
      : registered.getTracer(NAME, version);
  if (tracer === undefined) return undefined;
  const always = attributesOfAll(options);
  const name = `${always['http.request.method']} ${always['url.template']}`;
  return {
    observe: (fact) => {
      if (fact.kind !== 'attempt') return;
      const { record, startedAt, durationMs } = fact;
      const failure = failureOf(fact);
      const attributes = { ...always, ...attributesOf(fact), 'error.type': failure };
      try {
        const span = tracer.startSpan(
          name,
          { kind: SpanKind.CLIENT, startTime: hrTime(startedAt), attributes },
          contextOf(record),
        );
        if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end(hrTime(startedAt + durationMs));
      } catch (error) {
        onFailure(error);
      }
    },
    flush: async () => {
      try {
        await Promise.race([sdkOf(provider).forceFlush?.(), sleep(FLUSHED_WITHIN_MS, undefined, { ref: false })]);
      } catch (error) {
        onFailure(error);
      }
    },
  };
}
