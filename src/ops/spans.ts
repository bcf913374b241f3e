import { setTimeout as sleep } from 'node:timers/promises';
import * as api from '@opentelemetry/api';
import type { Outcome } from '../core/outcome.ts';
import { recordName, type TraceContext } from '../core/record.ts';
import type { AttemptFact } from '../pipeline/facts.ts';
import type { Observe } from '../pipeline/ports.ts';
import { outcomeLabel } from './labels.ts';

/** What spans say beside their attempt. */
export interface SpansOptions {
  /** Of this package. */
  readonly version: string;
  readonly groupId: string;
  /** The address that requests go to. */
  readonly target: URL;
  /** Told of what the SDK throws; nothing else comes of it. */
  readonly onFailure: (error: unknown) => void;
}

/** Makes attempts into spans. */
export interface Spans {
  readonly observe: Observe;
  /** Has the SDK export what it keeps, for a second at most. Never throws. */
  flush(): Promise<void>;
}

/** An SDK is reached through a proxy: ours, or that of another copy of the API, which the SDK came with. */
type Provider = api.TracerProvider & Partial<Pick<api.ProxyTracerProvider, 'getDelegate' | 'getDelegateTracer'>>;

type Flushing = api.TracerProvider & { forceFlush?(): Promise<void> };

const NAME = 'payment-notifier';
const FLUSHED_WITHIN_MS = 1_000;

/**
 * Tells the OpenTelemetry SDK in this process of every attempt: a span each, the child of the span in which the record was
 * written, or the root of a trace of its own where the record names none. A span is made when its attempt is over, so
 * nothing of it can get into the request.
 *
 * @returns `undefined` where no SDK was registered before: then an attempt costs nothing
 */
export function createSpans({ version, groupId, target, onFailure }: SpansOptions): Spans | undefined {
  const provider: Provider = api.trace.getTracerProvider();
  const tracer = (provider.getDelegateTracer ?? provider.getTracer).call(provider, NAME, version);
  if (tracer === undefined) return undefined;
  const name = `POST ${target.pathname}`;
  const always = alwaysOf(target, groupId);
  const tell = (fact: AttemptFact): void => {
    const failure = failureOf(fact.outcome);
    const attributes = attributesOf(fact, failure, always);
    const begun = { kind: api.SpanKind.CLIENT, startTime: hrTime(fact.startedAt), attributes };
    const span = tracer.startSpan(name, begun, contextOf(fact.record.trace));
    if (failure !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR });
    span.end(hrTime(fact.startedAt + fact.durationMs));
  };
  return {
    observe: (fact) => {
      if (fact.kind !== 'attempt') return;
      try {
        tell(fact);
      } catch (error) {
        onFailure(error);
      }
    },
    flush: async () => {
      const sdk: Flushing = provider.getDelegate?.() ?? provider;
      try {
        await Promise.race([sdk.forceFlush?.(), sleep(FLUSHED_WITHIN_MS, undefined, { ref: false })]);
      } catch (error) {
        onFailure(error);
      }
    },
  };
}

type Always = ReturnType<typeof alwaysOf>;

/** What is the same in all spans. */
function alwaysOf(target: URL, groupId: string) {
  const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
  return { url: target.href, host: target.hostname, port, groupId };
}

/**
 * As the line of the log says it: nothing secret, and no body. Names without `notifier.` are OpenTelemetry's. What does not
 * apply is `undefined`, which SDKs leave out: all of it in one literal costs a quarter of putting it together. SDKs check each
 * name for each span, so what another one says already is left out: tier and attempt.
 */
function attributesOf(fact: AttemptFact, failure: string | undefined, always: Always): api.Attributes {
  const { record, provenance, outcome, exchange, attempt } = fact;
  return {
    'http.request.method': 'POST',
    'http.request.resend_count': attempt > 1 ? attempt - 1 : undefined,
    'http.response.status_code': exchange.kind === 'response' ? exchange.status : undefined,
    'url.full': always.url,
    'server.address': always.host,
    'server.port': always.port,
    'error.type': failure,
    'messaging.system.name': 'kafka',
    'messaging.consumer.group.name': always.groupId,
    'messaging.destination.name': record.topic,
    'messaging.destination.partition.id': String(record.partition),
    'kafka.offset': record.offset,
    'notifier.payment_id': fact.paymentId,
    'notifier.origin': recordName(provenance.origin),
    'notifier.outcome': outcomeLabel(outcome),
    'notifier.result_code': outcome.kind === 'no_result' ? undefined : outcome.code,
    'notifier.disposition': fact.disposition.kind,
    'notifier.key_version': fact.keyVersion,
  };
}

/** The result code, or why there is none; `undefined` for a delivery. */
function failureOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'delivered':
      return undefined;
    case 'no_result':
      return outcome.reason;
    case 'rejected':
    case 'systemic':
    case 'unknown':
      return outcome.code;
  }
}

function contextOf(trace: TraceContext | undefined): api.Context {
  if (trace === undefined) return api.ROOT_CONTEXT;
  const { traceId, spanId, sampled } = trace;
  const traceFlags = sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE;
  return api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** Epoch milliseconds as seconds and nanoseconds, by the microsecond: a number could also mean milliseconds since the start. */
function hrTime(epochMs: number): api.HrTime {
  const seconds = Math.floor(epochMs / 1_000);
  return [seconds, Math.floor((epochMs - seconds * 1_000) * 1_000) * 1_000];
}
